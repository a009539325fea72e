#include "capture/test_source.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <gtest/gtest.h>
#include <mutex>
#include <utility>
#include <vector>

namespace onetake {
namespace {

using namespace std::chrono_literals;

constexpr auto start = host_time_from_ns(1'000'000'000'000);

/// Advances in wait_until() and pass().
class FakeClock final : public Clock {
 public:
    HostTime now() const override {
        std::lock_guard lock(mutex_);
        return now_;
    }
    void wait_until(HostTime t) override {
        std::lock_guard lock(mutex_);
        now_ = std::max(now_, t);
    }
    void pass(Duration d) {
        std::lock_guard lock(mutex_);
        now_ += d;
    }

 private:
    mutable std::mutex mutex_;
    HostTime now_ = start;
};

/// Keeps the first `wanted` items and lets a test wait for them.
template <class Item>
class Collected {
 public:
    explicit Collected(std::size_t wanted) : wanted_(wanted) {}
    void add(Item item) {
        std::lock_guard lock(mutex_);
        if (items_.size() < wanted_) items_.push_back(std::move(item));
        if (items_.size() == wanted_) full_.notify_all();
    }
    std::vector<Item>& wait() {
        std::unique_lock lock(mutex_);
        full_.wait(lock, [&] { return items_.size() >= wanted_; });
        return items_;
    }

 private:
    std::mutex mutex_;
    std::condition_variable full_;
    const std::size_t wanted_;
    std::vector<Item> items_;
};

class RecordingVideoReceiver final : public VideoReceiver {
 public:
    RecordingVideoReceiver(std::size_t wanted, FakeClock& clock, Duration cost = {})
        : frames(wanted), clock_(clock), cost_(cost) {}
    Buffer buffer(std::size_t bytes) override { return pool_->take(bytes); }
    Delivery deliver(Frame frame) override {
        frames.add(std::move(frame));
        clock_.pass(cost_);
        return Delivery::accepted;
    }
    void report(SourceEvent event) override {
        std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
    }
    std::vector<SourceEvent> events() {
        std::lock_guard lock(mutex_);
        return events_;
    }
    Collected<Frame> frames;

 private:
    std::shared_ptr<BufferPool> pool_ = BufferPool::create(4);
    FakeClock& clock_;
    const Duration cost_;
    std::mutex mutex_;
    std::vector<SourceEvent> events_;
};

class RecordingAudioReceiver final : public AudioReceiver {
 public:
    RecordingAudioReceiver(std::size_t wanted, FakeClock& clock, Duration cost = {})
        : blocks(wanted), clock_(clock), cost_(cost) {}
    Delivery deliver(AudioBlock block) override {
        blocks.add(std::move(block));
        clock_.pass(cost_);
        return Delivery::accepted;
    }
    void report(SourceEvent) override {}
    Collected<AudioBlock> blocks;

 private:
    FakeClock& clock_;
    const Duration cost_;
};

std::int64_t number_of(const Frame& frame) {
    std::vector<std::uint8_t> green;
    for (int y = 0; y < frame.height; ++y)
        for (int x = 0; x < frame.width; ++x) green.push_back(frame.bytes.data()[y * frame.stride + x * 3 + 1]);
    return read_test_frame_number(green.data(), frame.width, frame.height, frame.width).value_or(-1);
}

TEST(TestCamera, StampsEveryFrameWithTheTimeItIsDue) {
    FakeClock clock;
    const TestScene scene{start + 20ms, 25};
    auto camera = TestCamera::open(scene, {.width = 160, .height = 120}, clock);
    ASSERT_TRUE(camera);
    RecordingVideoReceiver video(60, clock);
    ASSERT_TRUE((*camera)->start(video));
    auto& frames = video.frames.wait();
    (*camera)->stop();
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto& f = frames[i];
        const auto n = static_cast<std::int64_t>(i);
        EXPECT_EQ(f.stamp.time, start + 20ms + n * 40ms);
        EXPECT_GE(f.stamp.arrival, f.stamp.time);
        EXPECT_EQ(f.stamp.source, StampSource::test);
        EXPECT_EQ(f.stamp.driver_sequence, static_cast<std::uint32_t>(i));
        EXPECT_EQ(number_of(f), n);
        // A corner that is dark without a flash.
        EXPECT_EQ(f.bytes.data()[0] > 200, i % 25 < 3) << i;
    }
    EXPECT_TRUE(video.events().empty());
}

TEST(TestCamera, JoinsARunningScene) {
    FakeClock clock;
    auto camera = TestCamera::open({start - 10s, 30}, {.width = 64, .height = 48}, clock);
    ASSERT_TRUE(camera);
    RecordingVideoReceiver video(1, clock);
    ASSERT_TRUE((*camera)->start(video));
    EXPECT_EQ(video.frames.wait()[0].stamp.time, start);
    (*camera)->stop();
}

TEST(TestCamera, KeepsNominalStampsWhenSlightlyLate) {
    FakeClock clock;
    auto camera = TestCamera::open({start, 10}, {.width = 64, .height = 48}, clock);
    ASSERT_TRUE(camera);
    RecordingVideoReceiver video(8, clock, 200ms);
    ASSERT_TRUE((*camera)->start(video));
    auto& frames = video.frames.wait();
    (*camera)->stop();
    for (std::size_t i = 0; i < frames.size(); ++i)
        EXPECT_EQ(frames[i].stamp.time, start + static_cast<std::int64_t>(i) * 100ms);
    EXPECT_EQ(frames[7].stamp.arrival, start + 1400ms);
}

TEST(TestCamera, DropsAndReportsFramesWhenASecondLate) {
    FakeClock clock;
    auto camera = TestCamera::open({start, 10}, {.width = 64, .height = 48}, clock);
    ASSERT_TRUE(camera);
    RecordingVideoReceiver video(100, clock, 300ms);
    ASSERT_TRUE((*camera)->start(video));
    auto& frames = video.frames.wait();
    (*camera)->stop();
    std::uint64_t dropped = 0;
    for (const auto& event : video.events()) {
        EXPECT_EQ(event.kind, SourceEvent::Kind::driver_drop);
        if (event.time <= frames.back().stamp.arrival) dropped += event.count;
    }
    EXPECT_GT(dropped, 100U);
    const auto last = (frames.back().stamp.time - start) / 100ms;
    EXPECT_EQ(static_cast<std::uint64_t>(last) + 1, frames.size() + dropped);
    EXPECT_LE(frames.back().stamp.arrival - frames.back().stamp.time, 1s);
}

TEST(TestCamera, CanBeStoppedTwiceAndStartedAgain) {
    FakeClock clock;
    auto camera = TestCamera::open({start, 30}, {.width = 64, .height = 48}, clock);
    ASSERT_TRUE(camera);
    for (int i = 0; i < 2; ++i) {
        RecordingVideoReceiver video(3, clock);
        ASSERT_TRUE((*camera)->start(video));
        EXPECT_FALSE((*camera)->start(video));
        video.frames.wait();
        (*camera)->stop();
        (*camera)->stop();
    }
}

TEST(TestCamera, RejectsInvalidOptions) {
    FakeClock clock;
    EXPECT_FALSE(TestCamera::open({start, 30}, {.width = 8, .height = 8}, clock));
    EXPECT_FALSE(TestCamera::open({start, 0}, {}, clock));
    EXPECT_FALSE(TestMicrophone::open({start, 30}, {.sample_rate = 0}, clock));
    EXPECT_FALSE(TestMicrophone::open({start, 30}, {.channels = 0}, clock));
    EXPECT_FALSE(TestMicrophone::open({start, 30}, {.blocksize = 0}, clock));
    EXPECT_FALSE(TestMicrophone::open({start, 30}, {.ppm = 1e7}, clock));
}

TEST(TestMicrophone, DeliversBlocksAtTheirEndWithExactStamps) {
    FakeClock clock;
    const TestScene scene{start, 30};
    auto microphone = TestMicrophone::open(scene, {.channels = 2, .blocksize = 480, .ppm = 250}, clock);
    ASSERT_TRUE(microphone);
    RecordingAudioReceiver audio(300, clock);
    ASSERT_TRUE((*microphone)->start(audio));
    auto& blocks = audio.blocks.wait();
    (*microphone)->stop();
    const TestTone tone(scene, 48000, 2, 250);
    std::vector<std::int16_t> expected(960);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const auto first = static_cast<std::int64_t>(i) * 480;
        EXPECT_EQ(blocks[i].time, tone.time_of(first));
        EXPECT_GE(blocks[i].arrival, tone.time_of(first + 480));
        EXPECT_EQ(blocks[i].frames(), 480);
        EXPECT_EQ(blocks[i].source, StampSource::test);
        EXPECT_FALSE(blocks[i].xrun);
        tone.fill(first, expected);
        ASSERT_EQ(blocks[i].samples, expected);
    }
}

TEST(TestMicrophone, FlagsDroppedSamplesWhenASecondLate) {
    FakeClock clock;
    auto microphone = TestMicrophone::open({start, 30}, {.sample_rate = 8000, .blocksize = 800}, clock);
    ASSERT_TRUE(microphone);
    RecordingAudioReceiver audio(40, clock, 250ms);
    ASSERT_TRUE((*microphone)->start(audio));
    auto& blocks = audio.blocks.wait();
    (*microphone)->stop();
    int flagged = 0;
    for (std::size_t i = 1; i < blocks.size(); ++i) {
        EXPECT_EQ(blocks[i].xrun, blocks[i].time - blocks[i - 1].time != 100ms) << i;
        flagged += blocks[i].xrun ? 1 : 0;
    }
    EXPECT_GT(flagged, 2);
}

}  // namespace
}  // namespace onetake
