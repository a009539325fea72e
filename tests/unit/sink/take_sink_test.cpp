#include "sink/take_sink.h"

#include "base/clock.h"
#include "base/log.h"
#include "sink/track_input.h"
#include "support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sstream>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using Kind = SourceEvent::Kind;

constexpr int kRate = 48000;

/// Captures what is logged during its lifetime.
class CapturedLog {
 public:
    CapturedLog() {
        sink_->set_pattern("%l: %v");
        log().sinks().push_back(sink_);
    }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;
    ~CapturedLog() { log().sinks().pop_back(); }
    /// Once no other thread logs.
    std::string text() const { return text_.str(); }

 private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::sinks::ostream_sink_mt> sink_ = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
};

class TakeSinkTest : public ::testing::Test {
 protected:
    TakeSinkTest() {
        TakeSinkOptions options;
        options.writer.data_dir = dir_.file("takes");
        options.writer.name = "t";
        sink_ = TakeSink::create(options).value();
        VideoDescription video;
        video.device = "/dev/video0";
        video.fps = 30;
        video_ = sink_->add_video(video, false).value();
        AudioDescription audio;
        audio.sample_rate = kRate;
        audio.channels = 1;
        audio.blocksize = kRate / 10;
        audio_ = sink_->add_audio(audio).value();
        EXPECT_TRUE(sink_->start());
    }

    /// A block that reached the process at `arrival`.
    void deliver(std::int16_t sample, HostTime arrival, Duration length = 100ms) {
        AudioBlock block;
        block.samples.assign(static_cast<std::size_t>(to_ticks(length, kRate)), sample);
        block.channels = 1;
        block.time = arrival - length;
        block.arrival = arrival;
        audio_->deliver(std::move(block));
    }

    CapturedLog log_;
    TempDir dir_;
    std::unique_ptr<TakeSink> sink_;
    VideoTrackInput* video_ = nullptr;
    AudioTrackInput* audio_ = nullptr;
};

TEST_F(TakeSinkTest, SaysOnceThatADeviceStalledThatItIsLostAndThatItIsBack) {
    const auto now = host_now();
    video_->report({Kind::stall, now, 0, "camera /dev/video0: no frame for 2.0 s"});
    video_->report({Kind::device_lost, now, 0, "camera /dev/video0: the camera is gone"});
    audio_->report({Kind::resumed, now, 48000, "microphone 'Desk' is back after 1.0 s"});
    sink_->drain();
    EXPECT_EQ(log_.text(),
              "warning: v1: camera /dev/video0: no frame for 2.0 s\n"
              "warning: v1: camera /dev/video0: the camera is gone\n"
              "warning: a1: microphone 'Desk' is back after 1.0 s\n");
    EXPECT_THAT(sink_->metrics().notes, Contains("v1: camera /dev/video0: no frame for 2.0 s"));
}

TEST_F(TakeSinkTest, KeepsNotesAndCountedLossesForTheEnd) {
    const auto now = host_now();
    video_->report({Kind::note, now, 0, "the driver's frame counter stands still"});
    video_->report({Kind::driver_drop, now, 3, "the driver lost 3 before frame 7"});
    video_->report({Kind::corrupt, now, 1, "frame 9 left out"});
    sink_->drain();
    EXPECT_THAT(log_.text(), IsEmpty());
    EXPECT_THAT(sink_->metrics().notes, Contains(HasSubstr("stands still")));
}

TEST_F(TakeSinkTest, TellsTheLastBlocksPeakUntilTheNextHasBeenDueForASecond) {
    const auto arrival = host_now();
    EXPECT_EQ(sink_->audio_peak(arrival), std::nullopt) << "no block yet";
    deliver(16384, arrival);
    EXPECT_THAT(sink_->audio_peak(arrival), Optional(0.5));
    EXPECT_THAT(sink_->audio_peak(arrival + 1100ms), Optional(0.5));
    EXPECT_EQ(sink_->audio_peak(arrival + 1101ms), std::nullopt);
    deliver(-32768, arrival + 5s);
    EXPECT_THAT(sink_->audio_peak(arrival + 5s), Optional(1.0)) << "audio again";
}

TEST_F(TakeSinkTest, TellsThePeakOfLongBlocksWithoutABreak) {
    const auto arrival = host_now();
    deliver(16384, arrival, 2s);
    EXPECT_THAT(sink_->audio_peak(arrival + 2s), Optional(0.5));
}

}  // namespace
}  // namespace onetake
