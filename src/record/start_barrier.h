#pragma once

#include "base/clock.h"
#include "base/mutex.h"
#include "media/source.h"

namespace onetake {

/// Opens when a take begins: when every camera has delivered its first frame, so that video and audio start
/// together although cameras take longer to start. Thread-safe.
class StartBarrier {
 public:
    explicit StartBarrier(int cameras) : missing_(cameras) {}

    void camera_is_ready() {
        {
            MutexLock lock(mutex_);
            --missing_;
        }
        opened_.notify_all();
    }
    /// No longer waits for cameras.
    void open() {
        {
            MutexLock lock(mutex_);
            missing_ = 0;
        }
        opened_.notify_all();
    }
    bool is_open() const {
        MutexLock lock(mutex_);
        return missing_ <= 0;
    }
    /// False if cameras were still missing after `timeout`.
    bool wait_for(Duration timeout) {
        MutexLock lock(mutex_);
        const auto deadline = deadline_in(timeout);
        while (missing_ > 0 && opened_.wait_until(lock, deadline)) {
        }
        return missing_ <= 0;
    }

 private:
    mutable Mutex mutex_;
    ConditionVariable opened_;
    int missing_ ONETAKE_GUARDED_BY(mutex_);
};

/// Passes a camera's frames on, and reports the first one to the barrier.
class BarrierVideoReceiver final : public VideoReceiver {
 public:
    BarrierVideoReceiver(VideoReceiver& next, StartBarrier& barrier) : next_(next), barrier_(barrier) {}
    Buffer buffer(std::size_t bytes) override { return next_.buffer(bytes); }
    Delivery deliver(Frame frame) override {
        const auto delivery = next_.deliver(std::move(frame));
        if (!reported_) barrier_.camera_is_ready();
        reported_ = true;
        return delivery;
    }
    void report(SourceEvent event) override { next_.report(std::move(event)); }

 private:
    VideoReceiver& next_;
    StartBarrier& barrier_;
    bool reported_ = false;  // used by the source's thread
};

/// Drops the audio from before the barrier opened; it is not part of the take.
class BarrierAudioReceiver final : public AudioReceiver {
 public:
    BarrierAudioReceiver(AudioReceiver& next, StartBarrier& barrier) : next_(next), barrier_(barrier) {}
    Delivery deliver(AudioBlock block) override {
        if (!open_ && !(open_ = barrier_.is_open())) return Delivery::accepted;
        return next_.deliver(std::move(block));
    }
    void report(SourceEvent event) override {
        if (open_) next_.report(std::move(event));
    }

 private:
    AudioReceiver& next_;
    StartBarrier& barrier_;
    bool open_ = false;  // used by the source's thread
};

}  // namespace onetake
