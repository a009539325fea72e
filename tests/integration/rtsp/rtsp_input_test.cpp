// Two cameras played by GStreamer's RTSP server; one of them stops for a while and returns.

#include "base/clock.h"
#include "unit/input/collected.h"
#include "unit/input/local_peers.h"

#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

bool server_installed() {
    return std::system(
               "/usr/bin/python3 -c 'import gi; gi.require_version(\"GstRtspServer\", \"1.0\")' 2> /dev/null") == 0;
}

std::unique_ptr<Child> serve(int port, const std::string& codec) {
    return std::make_unique<Child>(fmt::format("{} {} {}", RTSP_SERVER, port, codec), true);
}

std::string address(int port) {
    return fmt::format("rtsp://viewer:s3cret@127.0.0.1:{}/cam", port);
}

TEST(RtspCameras, OneThatIsAwayLeavesAGapAndTheOtherGoesOn) {
    if (!server_installed()) GTEST_SKIP() << "no GStreamer RTSP server (gir1.2-gst-rtsp-server-1.0)";
    const char* asked = std::getenv("RTSP_DOWN_S");
    const auto down = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(asked ? std::atof(asked) : 1));

    const int first_port = free_tcp_port(), second_port = free_tcp_port();
    auto first = serve(first_port, "jpeg");
    const auto second = serve(second_port, "vp8");
    MediaInputOptions options;
    options.stall_after = 500ms;
    options.first_retry = 100ms;
    options.longest_retry = 200ms;
    auto stopping = open_media_input(address(first_port), options);
    auto steady = open_media_input(address(second_port), options);
    ASSERT_TRUE(stopping) << stopping.error().message;
    ASSERT_TRUE(steady) << steady.error().message;
    ASSERT_TRUE(stopping->video && stopping->audio && steady->video && steady->audio);
    EXPECT_EQ(stopping->name, "rtsp://***@127.0.0.1:" + std::to_string(first_port) + "/cam");
    CollectedVideo video, steady_video;
    CollectedAudio audio, steady_audio;
    start(*stopping, video, audio);
    start(*steady, steady_video, steady_audio);
    EXPECT_TRUE(video.wait_for_media(15));
    EXPECT_TRUE(steady_video.wait_for_media(15));

    first.reset();
    EXPECT_TRUE(video.wait_for_event(SourceEvent::Kind::device_lost));
    EXPECT_TRUE(audio.wait_for_event(SourceEvent::Kind::device_lost));
    std::this_thread::sleep_for(down);  // the outage itself
    const auto returns = host_now();
    first = serve(first_port, "jpeg");
    EXPECT_TRUE(video.wait_for([&](const auto& frames, const auto&) { return frames.back().stamp.time > returns; }));
    EXPECT_TRUE(audio.wait_for([&](const auto& blocks, const auto&) { return blocks.back().time > returns; }));
    EXPECT_TRUE(steady_video.wait_for_media(31));
    stop(*stopping);
    stop(*steady);

    // What is missing is the outage, counted in frames and in samples.
    Duration gap{};
    for (std::size_t i = 1; i < video.media().size(); ++i) {
        const auto step = video.media()[i].stamp.time - video.media()[i - 1].stamp.time;
        EXPECT_GT(step, Duration::zero());
        gap = std::max(gap, step);
    }
    EXPECT_GE(gap, down);
    EXPECT_NEAR(static_cast<double>(video.count(SourceEvent::Kind::resumed)), to_seconds(gap) * 30, 3);
    EXPECT_NEAR(static_cast<double>(audio.count(SourceEvent::Kind::resumed)) / 44100, to_seconds(gap), 0.5);
    EXPECT_EQ(steady_video.count(SourceEvent::Kind::resumed) + steady_video.count(SourceEvent::Kind::corrupt), 0U);
    for (const auto& frame : steady_video.media()) EXPECT_EQ(frame.width, 160);
    const auto said = video.texts() + audio.texts() + steady_video.texts();
    EXPECT_THAT(said, testing::Not(HasSubstr("s3cret")));
    RecordProperty("gap_ms", static_cast<int>(gap / 1ms));
}

TEST(RtspCameras, PictureAndSoundOfOneCameraStayInSync) {
    if (!server_installed()) GTEST_SKIP() << "no GStreamer RTSP server (gir1.2-gst-rtsp-server-1.0)";
    const int port = free_tcp_port();
    const auto server = serve(port, "jpeg");
    auto input = open_media_input(address(port), {});
    ASSERT_TRUE(input) << input.error().message;
    CollectedVideo video;
    CollectedAudio audio;
    start(*input, video, audio);
    EXPECT_TRUE(video.wait_for_media(45));
    EXPECT_TRUE(audio.wait_for_media(45));
    stop(*input);
    // Both are captured continuously: at any instant the last stamps of both are that instant, less the latency.
    EXPECT_NEAR(to_seconds(video.media().back().stamp.time - audio.media().back().time), 0, 0.5);
    for (std::size_t i = 1; i < audio.media().size(); ++i) {
        const auto& before = audio.media()[i - 1];
        EXPECT_NEAR(to_seconds(audio.media()[i].time - before.time), static_cast<double>(before.frames()) / 44100, 0.01)
            << i;
    }
}

}  // namespace
}  // namespace onetake
