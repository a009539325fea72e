#include "unit/encode/encoded_file.h"
#include "unit/encode/plain_colour.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;
using testing::decoded_colour;
using testing::EncodedFile;
using testing::frame_of;
using testing::kColours;
using testing::Rgb;
using testing::ScratchFolder;

void expect_colour(PixelFormat format, Rgb colour, ColorRange from, ColorRange to) {
    SCOPED_TRACE(std::string(to_string(format)) + " " + colour.name + ", " + std::string(to_string(from)) + " to " +
                 std::string(to_string(to)));
    const ScratchFolder folder;
    EncodedFile file(folder / "a.mp4");
    VideoEncoderSettings settings;
    settings.width = testing::kColourWidth;
    settings.height = testing::kColourHeight;
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
    settings.width = testing::kColourWidth;
    settings.height = testing::kColourHeight;
    settings.color.matrix = ColorMatrix::bt709;
    auto encoder = ImageStreamEncoder::open(settings).value();
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
