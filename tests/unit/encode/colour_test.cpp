#include "unit/container/probe.h"
#include "unit/encode/encoded_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using testing::EncodedFile;
using testing::ScratchFolder;

constexpr int kWidth = 64, kHeight = 48;

struct Rgb {
    const char* name;
    int r, g, b;
};
constexpr std::array kColours = {Rgb{"red", 255, 0, 0}, Rgb{"green", 0, 255, 0}, Rgb{"blue", 0, 0, 255},
                                 Rgb{"grey", 128, 128, 128}};

/// BT.601 by its definition.
std::array<std::uint8_t, 3> yuv_of(Rgb c, ColorRange range) {
    const double y = (0.299 * c.r + 0.587 * c.g + 0.114 * c.b) / 255;
    const double u = (c.b / 255.0 - y) / 1.772, v = (c.r / 255.0 - y) / 1.402;
    const bool full = range == ColorRange::full;
    const auto code = [](double value) {
        return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
    };
    return {code(full ? 255 * y : 16 + 219 * y), code(128 + (full ? 255 : 224) * u),
            code(128 + (full ? 255 : 224) * v)};
}

/// A frame of one colour.
Frame frame_of(PixelFormat format, Rgb colour, ColorRange range) {
    Frame frame;
    frame.format = format;
    frame.width = kWidth;
    frame.height = kHeight;
    frame.stride = tight_stride(format, kWidth);
    frame.color.range = range;
    const auto yuv = yuv_of(colour, range);
    const auto r = static_cast<std::uint8_t>(colour.r), g = static_cast<std::uint8_t>(colour.g),
               b = static_cast<std::uint8_t>(colour.b);
    // The bytes that each plane repeats.
    std::array<std::vector<std::uint8_t>, 3> pattern;
    switch (format) {
        case PixelFormat::bgr24:
            pattern[0] = {b, g, r};
            break;
        case PixelFormat::rgb24:
            pattern[0] = {r, g, b};
            break;
        case PixelFormat::gray16:
            pattern[0] = {0x37, yuv[0]};
            break;
        case PixelFormat::yuyv:
            pattern[0] = {yuv[0], yuv[1], yuv[0], yuv[2]};
            break;
        case PixelFormat::nv12:
            pattern = {{{yuv[0]}, {yuv[1], yuv[2]}, {}}};
            break;
        default:
            pattern = {{{yuv[0]}, {yuv[1]}, {yuv[2]}}};
            break;
    }
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < layout_of(format).planes; ++i) {
        const auto& repeated = pattern[static_cast<std::size_t>(i)];
        const int size = plane_stride(format, i, frame.stride) * plane_rows(format, i, kHeight);
        for (int n = 0; n < size; ++n) bytes.push_back(repeated[static_cast<std::size_t>(n) % repeated.size()]);
    }
    frame.bytes = Buffer(std::move(bytes));
    return frame;
}

/// The middle pixel of a file's first frame, as ffmpeg decodes it.
std::array<int, 3> decoded_colour(const std::string& path) {
    const auto rgb =
        testing::output_of("ffmpeg -v error -i '" + path +
                           "' -frames:v 1 -sws_flags accurate_rnd+full_chroma_int -pix_fmt rgb24 -f rawvideo -");
    if (rgb.size() != 3U * kWidth * kHeight) return {-1, -1, -1};
    const std::size_t middle = 3U * (kWidth * kHeight / 2 + kWidth / 2);
    const auto at = [&](std::size_t i) { return static_cast<int>(static_cast<unsigned char>(rgb[middle + i])); };
    return {at(0), at(1), at(2)};
}

void expect_colour(PixelFormat format, Rgb colour, ColorRange from, ColorRange to) {
    SCOPED_TRACE(std::string(to_string(format)) + " " + colour.name + ", " + std::string(to_string(from)) + " to " +
                 std::string(to_string(to)));
    const ScratchFolder folder;
    EncodedFile file(folder / "a.mp4");
    VideoEncoderSettings settings;
    settings.width = kWidth;
    settings.height = kHeight;
    settings.color.range = to;
    ASSERT_TRUE(file.add_video(settings));
    for (int i = 0; i < 2; ++i) {
        const auto written = file.write(0, TimedFrame{frame_of(format, colour, from), MediaTime(milliseconds(40 * i))});
        ASSERT_TRUE(written) << written.error().message;
    }
    ASSERT_TRUE(file.finish());
    const auto got = decoded_colour(folder / "a.mp4");
    EXPECT_NEAR(got[0], colour.r, 3);
    EXPECT_NEAR(got[1], colour.g, 3);
    EXPECT_NEAR(got[2], colour.b, 3);
}

TEST(Colour, OfEveryRawFormatIsWhatFfmpegDecodes) {
    for (const auto to : {ColorRange::full, ColorRange::limited})
        for (const auto& colour : kColours) {
            for (const auto format : {PixelFormat::rgb24, PixelFormat::bgr24})
                expect_colour(format, colour, ColorRange::full, to);
            for (const auto format :
                 {PixelFormat::i420, PixelFormat::i422, PixelFormat::i444, PixelFormat::nv12, PixelFormat::yuyv})
                for (const auto from : {ColorRange::full, ColorRange::limited}) expect_colour(format, colour, from, to);
        }
}

TEST(Colour, OfGrayFramesIsGrey) {
    for (const auto to : {ColorRange::full, ColorRange::limited})
        for (const auto format : {PixelFormat::gray8, PixelFormat::gray16})
            for (const auto from : {ColorRange::full, ColorRange::limited})
                for (const auto shade : {Rgb{"black", 0, 0, 0}, kColours[3], Rgb{"white", 255, 255, 255}})
                    expect_colour(format, shade, from, to);
}

TEST(Colour, OfRgbIsRefusedForAnotherMatrix) {
    VideoEncoderSettings settings;
    settings.width = kWidth;
    settings.height = kHeight;
    settings.color.matrix = ColorMatrix::bt709;
    auto encoder = VideoStreamEncoder::open(settings).value();
    std::vector<Packet> packets;
    const auto status =
        encoder->encode(TimedFrame{frame_of(PixelFormat::rgb24, kColours[0], ColorRange::full), {}}, packets);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::unsupported);
}

TEST(Depth, Of16BitsComesBackBitForBitFromFfv1) {
    const ScratchFolder folder;
    EncodedFile file(folder / "a.mkv");
    VideoEncoderSettings settings;
    settings.codec = "ffv1";
    settings.pixel_format = PixelFormat::gray16;
    settings.width = 33;
    settings.height = 17;
    ASSERT_TRUE(file.add_video(settings));
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 2 * 33 * 17; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 37 + i / 7));
    const std::string expected(bytes.begin(), bytes.end());
    Frame frame;
    frame.format = PixelFormat::gray16;
    frame.width = 33;
    frame.height = 17;
    frame.stride = 66;
    frame.bytes = Buffer(std::move(bytes));
    ASSERT_TRUE(file.write(0, TimedFrame{std::move(frame), {}}));
    ASSERT_TRUE(file.finish());
    EXPECT_EQ(testing::output_of("ffmpeg -v error -i '" + (folder / "a.mkv") + "' -pix_fmt gray16le -f rawvideo -"),
              expected);
}

}  // namespace
}  // namespace onetake
