#include "sink/take_sink.h"
#include "sink/track_input.h"
#include "support/temp_dir.h"
#include "unit/encode/plain_colour.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::kColours;
using testing::Rgb;

/// Stores two frames encoded, and compares what ffmpeg decodes from the part.
void expect_colour(const std::string& codec, PixelFormat format, Rgb colour, ColorRange from, ColorRange to) {
    SCOPED_TRACE(
        fmt::format("{} {} {}, {} to {}", codec, to_string(format), colour.name, to_string(from), to_string(to)));
    const TempDir dir;
    TakeSinkOptions options;
    options.writer = {dir.path(), "t", "test", "{}", false, true};
    auto sink = TakeSink::create(options).value();
    VideoDescription video;
    video.fps = 30;
    video.color.range = to;
    auto* input = sink->add_video(video, {false, LiveVideoSettings{codec}}).value();
    ASSERT_TRUE(sink->start());
    for (int i = 0; i < 2; ++i) {
        auto frame = testing::frame_of(format, colour, from);
        frame.stamp.time = frame.stamp.arrival = HostTime(std::chrono::milliseconds(1000 + 33 * i));
        input->deliver(std::move(frame));
    }
    sink->drain();
    EXPECT_EQ(sink->counts().frames, 2u);
    ASSERT_TRUE(sink->close(sink->metrics()));
    const auto got = testing::decoded_colour(dir.file("t/video/p_0001.mkv"));
    EXPECT_NEAR(got[0], colour.r, 3);
    EXPECT_NEAR(got[1], colour.g, 3);
    EXPECT_NEAR(got[2], colour.b, 3);
}

class EncodedColour : public ::testing::TestWithParam<const char*> {};

TEST_P(EncodedColour, OfEveryRawFormatIsWhatFfmpegDecodes) {
    for (const auto to : {ColorRange::full, ColorRange::limited})
        for (const auto& colour : kColours) {
            for (const auto format : {PixelFormat::rgb24, PixelFormat::bgr24})
                expect_colour(GetParam(), format, colour, ColorRange::full, to);
            for (const auto format : {PixelFormat::i420, PixelFormat::nv12, PixelFormat::yuyv})
                for (const auto from : {ColorRange::full, ColorRange::limited})
                    expect_colour(GetParam(), format, colour, from, to);
        }
}

TEST_P(EncodedColour, OfGrayFramesIsGrey) {
    for (const auto to : {ColorRange::full, ColorRange::limited})
        for (const auto from : {ColorRange::full, ColorRange::limited})
            for (const auto shade : {Rgb{"black", 0, 0, 0}, kColours[3], Rgb{"white", 255, 255, 255}})
                expect_colour(GetParam(), PixelFormat::gray8, shade, from, to);
}

INSTANTIATE_TEST_SUITE_P(Codecs, EncodedColour, ::testing::Values("libx264", "ffv1", "mpeg4"));

}  // namespace
}  // namespace onetake
