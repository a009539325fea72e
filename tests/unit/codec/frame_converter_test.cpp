#include "codec/frame_converter.h"

#include "unit/codec/shaded_image.h"

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <utility>

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

namespace onetake {
namespace {

using testing::as_frame;
using testing::plane_difference;
using testing::shaded_image;

constexpr std::array kRaw = {PixelFormat::bgr24,  PixelFormat::rgb24, PixelFormat::gray8,
                             PixelFormat::gray16, PixelFormat::yuyv,  PixelFormat::nv12,
                             PixelFormat::i420,   PixelFormat::i422,  PixelFormat::i444};

TEST(PixelLayout, AgreesWithLibavutilOfEveryFormat) {
    for (const auto format : kRaw) {
        const auto& layout = layout_of(format);
        SCOPED_TRACE(layout.name);
        EXPECT_EQ(layout.format, format);
        const auto av = av_get_pix_fmt(std::string(layout.av_name).c_str());
        ASSERT_NE(av, AV_PIX_FMT_NONE);
        EXPECT_EQ(layout.planes, av_pix_fmt_count_planes(av));
        EXPECT_EQ(layout.bytes_per_sample, (av_pix_fmt_desc_get(av)->comp[0].depth + 7) / 8);
        for (const int width : {64, 65}) {
            std::array<int, 4> sizes{};
            av_image_fill_linesizes(sizes.data(), av, width);
            EXPECT_EQ(tight_stride(format, width), format == PixelFormat::yuyv ? 4 * ((width + 1) / 2) : sizes[0]);
        }
        EXPECT_EQ(frame_bytes(format, tight_stride(format, 64), 49),
                  static_cast<std::size_t>(av_image_get_buffer_size(av, 64, 49, 1)));
        EXPECT_EQ(frame_bytes(format, 0, 48), 0U);
    }
    EXPECT_EQ(frame_bytes(PixelFormat::jpeg, 64, 48), 0U);
    EXPECT_EQ(av_planar_name(Chroma::s444), "yuv444p");
    EXPECT_EQ(av_planar_name(Chroma::s422, true), "yuvj422p");
}

TEST(FrameConverter, KeepsEverySampleOfYuvFramesWhateverTheirStride) {
    const auto pool = BufferPool::create(4);
    for (const auto format :
         {PixelFormat::i420, PixelFormat::i422, PixelFormat::i444, PixelFormat::nv12, PixelFormat::yuyv})
        for (const int width : {48, 49})
            for (const int extra : {0, 12}) {
                const ColorInfo color{ColorRange::limited, ColorMatrix::bt709};
                const auto chroma = layout_of(format).chroma;
                const auto image = shaded_image(width, 31, chroma, *pool, 0, color);
                const auto made = to_planar(as_frame(image, format, extra), {}, *pool).value();
                EXPECT_EQ(made.chroma, chroma);
                EXPECT_EQ(made.color, color);
                for (int i = 0; i < 3; ++i)
                    EXPECT_EQ(plane_difference(made, image, i), 0) << to_string(format) << " plane " << i;
            }
}

TEST(FrameConverter, KeepsTheHighByteOf16BitsFor420) {
    const auto pool = BufferPool::create(4);
    Frame frame;
    frame.format = PixelFormat::gray16;
    frame.width = 3;
    frame.height = 1;
    frame.stride = 6;
    frame.bytes = Buffer(std::vector<std::uint8_t>{0xff, 0x00, 0x00, 0x80, 0xff, 0xff});
    auto image = to_planar(frame, {}, *pool).value();
    EXPECT_EQ(image.bytes_per_sample, 2);
    EXPECT_EQ(image.chroma, Chroma::gray);
    const auto made = to_420(std::move(image), *pool);
    EXPECT_EQ(made.bytes_per_sample, 1);
    const std::array<int, 3> expected = {0x00, 0x80, 0xff};
    for (int x = 0; x < 3; ++x) EXPECT_EQ(made.plane(0)[x], expected[static_cast<std::size_t>(x)]);
    EXPECT_EQ(made.plane(1)[1], 128);
}

TEST(FrameConverter, AnImageBecomesAFrameAndAnImageAgainWithoutACopyIfItsRowsHaveNoPadding) {
    const auto pool = BufferPool::create(4);
    for (const auto& [width, height] : {std::pair{1280, 720}, {640, 360}, {128, 4}, {854, 480}, {1280, 719}, {127, 2}})
        for (const auto format : {PixelFormat::i420, PixelFormat::i422, PixelFormat::i444}) {
            SCOPED_TRACE(::testing::Message() << width << "x" << height << " " << to_string(format));
            const ColorInfo color{ColorRange::limited, ColorMatrix::bt709};
            const auto image = std::make_shared<const PlanarImage>(
                shaded_image(width, height, layout_of(format).chroma, *pool, 0, color));
            auto frame = to_frame(image, *pool);
            ASSERT_TRUE(has_all_bytes(frame));
            EXPECT_EQ(frame.bytes.size(), frame_bytes(format, frame.stride, height));
            EXPECT_EQ(frame.stride, tight_stride(format, width));
            const auto made = take_planar(std::move(frame), {}, *pool).value();
            EXPECT_EQ(made.color, color);
            for (int i = 0; i < 3; ++i) EXPECT_EQ(plane_difference(made, *image, i), 0) << "plane " << i;
            const bool shared = width % 128 == 0 && height % 2 == 0;
            EXPECT_EQ(made.plane(0) == image->plane(0), shared);
        }
}

// Behind bytes of a program's own nothing may be read, and nothing is known of their alignment.
TEST(FrameConverter, FramesOfAProgramsOwnMemoryAreCopied) {
    const auto pool = BufferPool::create(4);
    const auto image = shaded_image(128, 64, Chroma::s420, *pool);
    const auto kept = std::make_shared<const Frame>(as_frame(image, PixelFormat::i420));
    Frame frame;
    frame.format = PixelFormat::i420;
    frame.width = 128;
    frame.height = 64;
    frame.stride = 128;
    frame.bytes = Buffer(kept->bytes.data(), kept->bytes.size(), kept);
    const auto made = take_planar(std::move(frame), {}, *pool).value();
    EXPECT_NE(made.plane(0), kept->bytes.data());
    EXPECT_EQ(plane_difference(made, image, 0), 0);
}

TEST(FrameConverter, RefusesJpegsAndFramesThatLackBytes) {
    const auto pool = BufferPool::create(4);
    for (const auto format : kRaw) {
        Frame frame;
        frame.format = format;
        frame.width = frame.height = 16;
        frame.stride = tight_stride(format, 16);
        frame.bytes = Buffer(std::vector<std::uint8_t>(frame_bytes(format, frame.stride, 16) - 1));
        EXPECT_EQ(to_planar(frame, {}, *pool).error().code, ErrorCode::invalid_argument) << to_string(format);
    }
    Frame jpeg;
    jpeg.format = PixelFormat::jpeg;
    jpeg.width = jpeg.height = 16;
    jpeg.bytes = Buffer(std::vector<std::uint8_t>(1000));
    EXPECT_EQ(to_planar(jpeg, {}, *pool).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace onetake
