#include "capture/stop_together.h"

#include "base/clock.h"
#include "capture/bounded_call.h"
#include "v4l2_recorded.h"

#include <condition_variable>
#include <functional>
#include <gmock/gmock.h>
#include <mutex>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Duration kTestTimeout = 30s;

/// A barrier: each thread waits until all expected ones have arrived.
class Barrier {
 public:
    explicit Barrier(int expected) : missing_(expected) {}
    void arrive() {
        std::unique_lock lock(mutex_);
        --missing_;
        changed_.notify_all();
        all_arrived_ = changed_.wait_for(lock, kTestTimeout, [&] { return missing_ <= 0; }) && all_arrived_;
    }
    bool all_arrived() const { return missing_ <= 0 && all_arrived_; }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int missing_;
    bool all_arrived_ = true;
};

template <class Source>
std::vector<Source*> pointers(const std::vector<std::unique_ptr<Source>>& sources) {
    std::vector<Source*> all;
    for (const auto& source : sources) all.push_back(source.get());
    return all;
}

struct FakeVideo final : VideoSource {
    explicit FakeVideo(std::function<void()> stopped) : on_stop(std::move(stopped)) {}
    const VideoDescription& description() const override { return described; }
    Status start(VideoReceiver&) override { return {}; }
    void stop() override { on_stop(); }
    double grab_ms_mean() const override { return 0; }
    std::function<void()> on_stop;
    VideoDescription described;
};

struct FakeAudio final : AudioSource {
    explicit FakeAudio(std::function<void()> stopped) : on_stop(std::move(stopped)) {}
    const AudioDescription& description() const override { return described; }
    Status start(AudioReceiver&) override { return {}; }
    void stop() override { on_stop(); }
    std::function<void()> on_stop;
    AudioDescription described;
};

TEST(StopTogether, StopsAllSourcesInParallel) {
    Barrier barrier(4);
    const auto arrive = [&] { barrier.arrive(); };
    std::vector<std::unique_ptr<VideoSource>> cameras;
    std::vector<std::unique_ptr<AudioSource>> microphones;
    for (int i = 0; i < 2; ++i) {
        cameras.push_back(std::make_unique<FakeVideo>(arrive));
        microphones.push_back(std::make_unique<FakeAudio>(arrive));
    }
    stop_together(pointers(cameras), pointers(microphones));
    EXPECT_TRUE(barrier.all_arrived());
}

TEST(StopTogether, AbandonsEveryCameraThatHangs) {
    FakeV4l2 kernels[] = {FakeV4l2{FakeCamera{}}, FakeV4l2{FakeCamera{}}};
    V4l2RecordingReceiver receivers[2];
    auto o = options();
    o.stop_within = 1ms;
    std::vector<std::unique_ptr<VideoSource>> cameras;
    for (int i = 0; i < 2; ++i) {
        kernels[i].play_frames(3);
        kernels[i].hold(VIDIOC_DQBUF);
        cameras.push_back(open(kernels[i], o));
        ASSERT_TRUE(cameras.back()->start(receivers[i]));
        ASSERT_TRUE(kernels[i].wait_until_held());
    }
    stop_together(pointers(cameras), {});
    cameras.clear();
    EXPECT_EQ(BoundedCall::abandoned(), 2u) << "both threads still hang in their drivers";
    for (int i = 0; i < 2; ++i) kernels[i].release();
    while (BoundedCall::abandoned() > 0) std::this_thread::yield();
    for (const auto& receiver : receivers) EXPECT_THAT(receiver.lines(), ElementsAre("note"));
}

TEST(StopTogether, WaitsForACameraWhileOthersStop) {
    FakeV4l2 kernel{FakeCamera{}};
    V4l2RecordingReceiver receiver;
    kernel.play_frames(1);
    kernel.hold(VIDIOC_STREAMOFF);
    auto o = options();
    o.stop_within = kTestTimeout;
    std::vector<std::unique_ptr<VideoSource>> cameras;
    cameras.push_back(open(kernel, o));
    // Its driver returns only once the other source is stopped.
    cameras.push_back(std::make_unique<FakeVideo>([&] {
        EXPECT_TRUE(kernel.wait_until_held());
        kernel.release();
    }));
    ASSERT_TRUE(cameras.front()->start(receiver));
    ASSERT_TRUE(kernel.wait_until_played());
    stop_together(pointers(cameras), {});
    EXPECT_THAT(receiver.lines(), ElementsAre("frame 0"));
    cameras.clear();
    EXPECT_EQ(BoundedCall::abandoned(), 0u);
    EXPECT_EQ(kernel.open_descriptors(), 0);
}

}  // namespace
}  // namespace onetake
