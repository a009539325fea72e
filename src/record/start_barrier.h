#pragma once

#include "base/clock.h"
#include "media/source.h"

#include <condition_variable>
#include <mutex>

namespace onetake {

/// The moment at which a take begins: when every camera has delivered its first frame, so that picture and sound start
/// together although cameras take longer to get going. Thread-safe.
class StartBarrier {
 public:
    explicit StartBarrier(int cameras) : missing_(cameras) {}

    void camera_is_there() {
        {
            std::lock_guard lock(mutex_);
            --missing_;
        }
        opened_.notify_all();
    }
    /// No longer waits for cameras.
    void open() {
        {
            std::lock_guard lock(mutex_);
            missing_ = 0;
        }
        opened_.notify_all();
    }
    bool is_open() const {
        std::lock_guard lock(mutex_);
        return missing_ <= 0;
    }
    /// False if cameras were still missing after `patience`.
    bool wait_for(Duration patience) {
        std::unique_lock lock(mutex_);
        return opened_.wait_for(lock, patience, [&] { return missing_ <= 0; });
    }

 private:
    mutable std::mutex mutex_;
    std::condition_variable opened_;
    int missing_;
};

/// Passes a camera's frames on and tells the barrier of the first.
class BarrierVideoReceiver final : public VideoReceiver {
 public:
    BarrierVideoReceiver(VideoReceiver& next, StartBarrier& barrier) : next_(next), barrier_(barrier) {}
    Buffer buffer(std::size_t bytes) override { return next_.buffer(bytes); }
    void deliver(Frame frame) override {
        next_.deliver(std::move(frame));
        if (!told_) barrier_.camera_is_there();
        told_ = true;
    }
    void report(SourceEvent event) override { next_.report(std::move(event)); }

 private:
    VideoReceiver& next_;
    StartBarrier& barrier_;
    bool told_ = false;  // the source's thread's
};

/// Leaves out the sound from before the barrier opened; it is not part of the take.
class BarrierAudioReceiver final : public AudioReceiver {
 public:
    BarrierAudioReceiver(AudioReceiver& next, StartBarrier& barrier) : next_(next), barrier_(barrier) {}
    void deliver(AudioBlock block) override {
        if (!open_ && !(open_ = barrier_.is_open())) return;
        next_.deliver(std::move(block));
    }
    void report(SourceEvent event) override {
        if (open_) next_.report(std::move(event));
    }

 private:
    AudioReceiver& next_;
    StartBarrier& barrier_;
    bool open_ = false;  // the source's thread's
};

}  // namespace onetake
