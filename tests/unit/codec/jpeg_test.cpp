#include "codec/jpeg_decoder.h"
#include "codec/jpeg_encoder.h"
#include "media/jpeg_info.h"
#include "unit/codec/shaded_image.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::as_frame;
using testing::plane_difference;
using testing::shaded_image;

std::shared_ptr<BufferPool> pool() {
    return BufferPool::create(8);
}

JpegEncoder encoder_for(Subsample subsample, bool progressive = false) {
    return JpegEncoder::create({95, subsample, progressive}).value();
}

PlanarImage decoded(const Buffer& jpeg, BufferPool& from) {
    return JpegDecoder::create()->decode(jpeg.span(), from).value();
}

Buffer small_jpeg(BufferPool& from, Subsample subsample = Subsample::s420) {
    return encoder_for(subsample).encode(shaded_image(48, 32, Chroma::s420, from), from).value();
}

std::vector<std::uint8_t> bytes_of(const Buffer& buffer) {
    return {buffer.data(), buffer.data() + buffer.size()};
}

// Removes all segments of one kind from a JPEG's headers.
std::vector<std::uint8_t> without_segment(const Buffer& jpeg, std::uint8_t marker) {
    const auto in = bytes_of(jpeg);
    std::vector<std::uint8_t> out(in.begin(), in.begin() + 2);
    std::size_t at = 2;
    while (in[at + 1] != 0xDA) {
        const std::size_t length = 2 + static_cast<std::size_t>(in[at + 2] << 8 | in[at + 3]);
        if (in[at + 1] != marker)
            out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(at),
                       in.begin() + static_cast<std::ptrdiff_t>(at + length));
        at += length;
    }
    out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(at), in.end());
    return out;
}

TEST(JpegInfo, ReportsTheContentsOfTheHeaders) {
    const auto from = pool();
    const std::pair<Subsample, Chroma> kinds[] = {{Subsample::gray, Chroma::gray},
                                                  {Subsample::s420, Chroma::s420},
                                                  {Subsample::s422, Chroma::s422},
                                                  {Subsample::s444, Chroma::s444}};
    for (const auto& [subsample, chroma] : kinds)
        for (const bool progressive : {false, true}) {
            const auto jpeg =
                encoder_for(subsample, progressive).encode(shaded_image(70, 50, Chroma::s420, *from), *from).value();
            const auto info = inspect_jpeg(jpeg.span()).value();
            EXPECT_EQ(info.width, 70);
            EXPECT_EQ(info.height, 50);
            EXPECT_EQ(info.components, chroma == Chroma::gray ? 1 : 3);
            EXPECT_EQ(info.chroma, chroma);
            EXPECT_EQ(info.progressive, progressive);
            EXPECT_EQ(info.length, jpeg.size());
        }
}

TEST(JpegInfo, LeavesTrailingZerosOutOfTheLength) {
    const auto from = pool();
    const auto jpeg = small_jpeg(*from);
    auto padded = bytes_of(jpeg);
    padded.resize(padded.size() + 5000);
    EXPECT_EQ(inspect_jpeg(padded).value().length, jpeg.size());
    EXPECT_EQ(jpeg_length(padded), jpeg.size());
}

TEST(JpegInfo, ReportsEveryTruncationAsCorrupt) {
    const auto from = pool();
    const auto jpeg = small_jpeg(*from);
    for (std::size_t length = 0; length < jpeg.size(); ++length) {
        const auto info = inspect_jpeg(jpeg.span().first(length));
        ASSERT_FALSE(info) << length;
        EXPECT_EQ(info.error().code, ErrorCode::corrupt);
    }
    EXPECT_EQ(jpeg_length(jpeg.span().first(jpeg.size() - 1)), 0U);
}

TEST(JpegInfo, SurvivesAnySingleByteChanged) {
    const auto from = pool();
    const auto good = bytes_of(small_jpeg(*from));
    int refused = 0;
    for (std::size_t at = 0; at < good.size(); ++at)
        for (const int value : {0x00, 0xFF, 0xC0, 0xDA}) {
            auto bad = good;
            bad[at] = static_cast<std::uint8_t>(value);
            const auto info = inspect_jpeg(bad);
            if (info) {
                EXPECT_LE(info->length, bad.size());
            } else {
                ++refused;
            }
        }
    EXPECT_GT(refused, 8);
}

TEST(JpegDecoder, DecodesJpegsWithoutHuffmanTables) {
    const auto from = pool();
    const auto jpeg = small_jpeg(*from);
    const auto bare = without_segment(jpeg, 0xC4);
    ASSERT_LT(bare.size(), jpeg.size());
    EXPECT_TRUE(inspect_jpeg(jpeg.span()).value().huffman_tables);
    EXPECT_FALSE(inspect_jpeg(bare).value().huffman_tables);
    const auto image = JpegDecoder::create()->decode(bare, *from);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(plane_difference(*image, decoded(jpeg, *from), 0), 0);
}

TEST(JpegDecoder, ReportsATruncatedImageAsCorrupt) {
    const auto from = pool();
    const auto jpeg = encoder_for(Subsample::s420).encode(shaded_image(320, 240, Chroma::s420, *from), *from).value();
    const auto image = JpegDecoder::create()->decode(jpeg.span().first(jpeg.size() / 2), *from);
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, ErrorCode::corrupt);
    const std::vector<std::uint8_t> text(100, 'x');
    EXPECT_EQ(JpegDecoder::create()->decode(text, *from).error().code, ErrorCode::corrupt);
}

TEST(JpegDecoder, AcceptsAnExtraByteBeforeTheEndMarker) {
    const auto from = pool();
    auto bytes = bytes_of(small_jpeg(*from));
    bytes.insert(bytes.end() - 2, {0x12, 0x34});
    EXPECT_TRUE(JpegDecoder::create()->decode(bytes, *from));
}

TEST(JpegEncoder, KeepsYuvFramesOfEveryLayoutAndSize) {
    const auto from = pool();
    const std::pair<PixelFormat, Chroma> layouts[] = {{PixelFormat::i420, Chroma::s420},
                                                      {PixelFormat::nv12, Chroma::s420},
                                                      {PixelFormat::yuyv, Chroma::s422},
                                                      {PixelFormat::i422, Chroma::s422},
                                                      {PixelFormat::i444, Chroma::s444}};
    for (const auto& [format, chroma] : layouts)
        for (const auto subsample : {Subsample::gray, Subsample::s420, Subsample::s422, Subsample::s444})
            for (const auto range : {ColorRange::full, ColorRange::limited})
                for (const auto& [width, height] : {std::pair{64, 48}, std::pair{67, 45}, std::pair{1, 1}}) {
                    SCOPED_TRACE(std::string(to_string(format)) + " " + std::to_string(width) + " " +
                                 std::string(to_string(range)) + " " + std::to_string(static_cast<int>(subsample)));
                    auto image = shaded_image(width, height, chroma, *from, 0, {range, ColorMatrix::bt601});
                    auto encoder = encoder_for(subsample);
                    const auto jpeg = encoder.encode(as_frame(image, format, 6), *from);
                    ASSERT_TRUE(jpeg) << jpeg.error().message;
                    const auto back = to_420(decoded(*jpeg, *from), *from);
                    const auto expected = to_420(to_range(std::move(image), ColorRange::full), *from);
                    ASSERT_EQ(back.width, width);
                    ASSERT_EQ(back.height, height);
                    EXPECT_LT(plane_difference(expected, back, 0), 1.5);
                    if (subsample == Subsample::gray) continue;
                    // Halving an odd number of columns moves each by up to half a sample.
                    if (format == PixelFormat::i444 && subsample != Subsample::s444 && width % 2 != 0) continue;
                    EXPECT_LT(plane_difference(expected, back, 1), 2.5);
                    EXPECT_LT(plane_difference(expected, back, 2), 2.5);
                }
}

TEST(JpegEncoder, TakesTheHighBytesOf16BitGray) {
    const auto from = pool();
    const auto image = shaded_image(31, 17, Chroma::gray, *from);
    Frame frame;
    frame.format = PixelFormat::gray16;
    frame.width = image.width;
    frame.height = image.height;
    frame.stride = 2 * image.width;
    std::vector<std::uint8_t> bytes;
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            bytes.push_back(0xee);
            bytes.push_back(image.plane(0)[y * image.stride[0] + x]);
        }
    frame.bytes = Buffer(std::move(bytes));
    const auto jpeg = encoder_for(Subsample::s420).encode(frame, *from);
    ASSERT_TRUE(jpeg) << jpeg.error().message;
    const auto made = decoded(*jpeg, *from);
    EXPECT_EQ(made.chroma, Chroma::gray);
    EXPECT_LT(plane_difference(made, image, 0), 2);
}

TEST(JpegEncoder, KeepsTheOrderOfRedAndBlue) {
    const auto from = pool();
    Frame frame;
    frame.width = 32;
    frame.height = 16;
    frame.stride = 96;
    for (const auto format : {PixelFormat::bgr24, PixelFormat::rgb24}) {
        std::vector<std::uint8_t> bytes(96 * 16);
        for (std::size_t i = 0; i < bytes.size(); i += 3) bytes[format == PixelFormat::bgr24 ? i : i + 2] = 255;
        frame.format = format;
        frame.bytes = Buffer(std::move(bytes));
        const auto image = decoded(encoder_for(Subsample::s420).encode(frame, *from).value(), *from);
        EXPECT_NEAR(image.plane(0)[0], 29, 2);
        EXPECT_NEAR(image.plane(1)[0], 255, 2);
        EXPECT_NEAR(image.plane(2)[0], 107, 2);
    }
}

TEST(JpegEncoder, MakesGrayJpegsOfGrayFrames) {
    const auto from = pool();
    Frame frame;
    frame.format = PixelFormat::gray8;
    frame.width = 33;
    frame.height = 9;
    frame.stride = 40;
    frame.bytes = Buffer(std::vector<std::uint8_t>(40 * 9, 77));
    const auto image = decoded(encoder_for(Subsample::s420).encode(frame, *from).value(), *from);
    EXPECT_EQ(image.chroma, Chroma::gray);
    EXPECT_NEAR(image.plane(0)[5], 77, 1);
}

TEST(JpegEncoder, ReusesThePoolsBytes) {
    const auto from = BufferPool::create(1);
    const auto frames = BufferPool::create(1);
    auto encoder = encoder_for(Subsample::s420);
    const auto image = shaded_image(640, 480, Chroma::s420, *frames);
    const std::uint8_t* first = encoder.encode(image, *from).value().data();
    EXPECT_EQ(encoder.encode(image, *from).value().data(), first);
}

TEST(JpegEncoder, RefusesInvalidFrames) {
    const auto from = pool();
    auto encoder = encoder_for(Subsample::s420);
    auto frame = as_frame(shaded_image(64, 48, Chroma::s420, *from), PixelFormat::i420);
    frame.height = 4000;
    EXPECT_EQ(encoder.encode(frame, *from).error().code, ErrorCode::invalid_argument);
    frame.height = 48;
    frame.stride = 32;
    EXPECT_EQ(encoder.encode(frame, *from).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(JpegEncoder::create({0, Subsample::s420, false}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(JpegEncoder::create({101, Subsample::s420, false}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace onetake
