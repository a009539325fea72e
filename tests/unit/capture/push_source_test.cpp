#include "capture/push_source.h"

#include <condition_variable>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <thread>
#include <vector>

namespace onetake {
namespace {

using ::testing::HasSubstr;

Frame frame(int width = 16) {
    Frame f;
    f.width = width;
    f.height = 16;
    f.stride = 3 * width;
    f.bytes = Buffer(std::vector<std::uint8_t>(static_cast<std::size_t>(f.stride * f.height)));
    return f;
}

/// Keeps the stamps it receives; can hold deliveries, as a queue that is full does.
class Receiver final : public VideoReceiver {
 public:
    Buffer buffer(std::size_t bytes) override { return Buffer(std::vector<std::uint8_t>(bytes)); }
    Delivery deliver(Frame frame) override {
        std::unique_lock lock(mutex_);
        ++inside_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !holding_; });
        stamps_.push_back(frame.stamp.time);
        return answer_;
    }
    void report(SourceEvent) override {}

    void hold() {
        const std::lock_guard lock(mutex_);
        holding_ = true;
    }
    void wait_until_held() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return inside_ > 0; });
    }
    void release(Delivery answer) {
        const std::lock_guard lock(mutex_);
        holding_ = false;
        answer_ = answer;
        changed_.notify_all();
    }
    std::vector<HostTime> stamps() const {
        const std::lock_guard lock(mutex_);
        return stamps_;
    }

 private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    int inside_ = 0;
    bool holding_ = false;
    Delivery answer_ = Delivery::accepted;
    std::vector<HostTime> stamps_;
};

TEST(PushSource, RefusesWhatIsPushedBeforeItsStartAndAfterItsEnd) {
    Receiver receiver;
    PushVideoSource source("cam", 30);
    EXPECT_EQ(source.push(frame(), {}).error().code, ErrorCode::refused);
    ASSERT_TRUE(source.start(receiver));
    EXPECT_TRUE(source.push(frame(), {}));
    source.stop();
    const auto late = source.push(frame(), {});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::refused);
    EXPECT_THAT(late.error().message, HasSubstr("being stopped"));
    EXPECT_EQ(receiver.stamps().size(), 1u);
    source.stop();
}

TEST(PushSource, DeliversInTheOrderOfTheStamps) {
    Receiver receiver;
    PushVideoSource source("", 30);
    ASSERT_TRUE(source.start(receiver));
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int k = 0; k < 500; ++k) EXPECT_TRUE(source.push(frame(), {}));
            });
    }
    const auto stamps = receiver.stamps();
    ASSERT_EQ(stamps.size(), 2000u);
    EXPECT_TRUE(std::is_sorted(stamps.begin(), stamps.end()));
    EXPECT_EQ(std::adjacent_find(stamps.begin(), stamps.end()), stamps.end());
}

TEST(PushSource, StopWaitsForThePushUnderWayAndRefusesThoseThatWait) {
    Receiver receiver;
    PushVideoSource source("", 30);
    ASSERT_TRUE(source.start(receiver));
    receiver.hold();
    Status first, second;
    std::jthread pushing([&] { first = source.push(frame(), {}); });
    receiver.wait_until_held();
    std::jthread waiting([&] { second = source.push(frame(), {}); });
    std::jthread stopping([&] { source.stop(); });
    // A push that comes now is refused at once, or once the source is being stopped.
    while (source.push(frame(), 0.0).error().code != ErrorCode::refused) std::this_thread::yield();
    waiting.join();
    EXPECT_EQ(second.error().code, ErrorCode::refused);
    receiver.release(Delivery::closed);
    pushing.join();
    stopping.join();
    EXPECT_EQ(first.error().code, ErrorCode::refused);
    EXPECT_THAT(first.error().message, HasSubstr("counts as lost"));
    EXPECT_EQ(receiver.stamps().size(), 1u);
}

TEST(PushSource, SaysWhatBecameOfADelivery) {
    Receiver receiver;
    PushVideoSource source("", 30);
    ASSERT_TRUE(source.start(receiver));
    receiver.release(Delivery::dropped);
    EXPECT_TRUE(source.push(frame(), {})) << "counted, and no error";
    receiver.release(Delivery::damaged);
    EXPECT_EQ(source.push(frame(), {}).error().code, ErrorCode::refused);
    receiver.release(Delivery::take_ended);
    EXPECT_EQ(source.push(frame(), {}).error().code, ErrorCode::no_space);
    EXPECT_THAT(source.push(frame(32), {}).error().message, HasSubstr("32x16"));
}

}  // namespace
}  // namespace onetake
