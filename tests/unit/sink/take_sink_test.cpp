#include "sink/take_sink.h"

#include "base/clock.h"
#include "sink/track_input.h"
#include "support/temp_dir.h"
#include "take/journal_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;
using Kind = SourceEvent::Kind;

constexpr int kRate = 48000;

class TakeSinkTest : public ::testing::Test {
 protected:
    TakeSinkTest() {
        TakeSinkOptions options;
        options.writer.data_dir = dir_.file("takes");
        options.writer.name = "t";
        options.on_event = [this](const RecorderEvent& event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(fmt::format("{} {}: {}", to_string(event.kind), event.track, event.text));
        };
        sink_ = TakeSink::create(options).value();
        VideoDescription video;
        video.device = "/dev/video0";
        video.fps = 30;
        video_ = sink_->add_video(video).value();
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

    /// "stall v1: text" of every event so far.
    std::vector<std::string> events() const {
        const std::lock_guard lock(mutex_);
        return events_;
    }

    mutable std::mutex mutex_;
    std::vector<std::string> events_;
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
    EXPECT_THAT(events(), ElementsAre("stall v1: camera /dev/video0: no frame for 2.0 s",
                                      "device_lost v1: camera /dev/video0: the camera is gone",
                                      "resumed a1: microphone 'Desk' is back after 1.0 s",
                                      "loss a1: 48000 samples lost by the device"));
    EXPECT_THAT(sink_->metrics().notes, Contains("v1: camera /dev/video0: no frame for 2.0 s"));
}

TEST_F(TakeSinkTest, KeepsNotesAndCountedLossesForTheEnd) {
    const auto now = host_now();
    video_->report({Kind::note, now, 0, "the driver's frame counter stands still"});
    video_->report({Kind::driver_drop, now, 3, "the driver lost 3 before frame 7"});
    video_->report({Kind::corrupt, now, 1, "frame 9 left out"});
    sink_->drain();
    EXPECT_THAT(events(),
                ElementsAre("note v1: the driver's frame counter stands still", "loss v1: 3 frames lost by the device",
                            "loss v1: 1 frame damaged before being stored"));
    EXPECT_THAT(sink_->metrics().notes, Contains(HasSubstr("stands still")));
}

TEST_F(TakeSinkTest, RecordsTheReasonOfTheFirstDamagedFramesAndCountsAll) {
    for (int i = 0; i < 1000; ++i) {
        Frame frame;
        frame.format = PixelFormat::jpeg;
        frame.bytes = Buffer(std::vector<std::uint8_t>(100, std::uint8_t{1}));
        EXPECT_EQ(video_->deliver(std::move(frame)), Delivery::damaged);
    }
    sink_->drain();
    EXPECT_EQ(sink_->metrics().counters[0].corrupt, 1000u);
    auto reader = JournalReader::open(sink_->take().folder()).value();
    int reasons = 0;
    while (const auto record = reader.next().value()) reasons += std::holds_alternative<EventRecord>(*record) ? 1 : 0;
    EXPECT_EQ(reasons, 10);
}

TEST_F(TakeSinkTest, DoesNotInspectAJpegAgainThatWasInspectedWhenItWasPushed) {
    Frame frame;
    frame.format = PixelFormat::jpeg;
    frame.checked = true;
    frame.bytes = Buffer(std::vector<std::uint8_t>(100, std::uint8_t{1}));  // an inspection would refuse it
    EXPECT_EQ(video_->deliver(std::move(frame)), Delivery::accepted);
}

TEST_F(TakeSinkTest, EndsTheWaitOfASourceForADiskThatHangs) {
    TakeSinkOptions options;
    options.writer.data_dir = dir_.file("takes");
    options.writer.name = "blocked";
    options.on_full = OnFull::block;
    options.queue_size = 1;
    auto sink = TakeSink::create(options).value();
    auto* video = sink->add_video({}).value();
    // The sink was not started: nothing is ever written, as with a disk that hangs.
    const auto frame = [] {
        Frame f;
        f.width = f.height = 16;
        f.stride = 48;
        f.bytes = Buffer(std::vector<std::uint8_t>(16 * 48));
        return f;
    };
    EXPECT_EQ(video->deliver(frame()), Delivery::accepted);
    std::jthread stopping([&] { sink->limit_waiting(1ms); });
    EXPECT_EQ(video->deliver(frame()), Delivery::closed);
    EXPECT_EQ(video->deliver(frame()), Delivery::closed) << "later ones, too";
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
