#pragma once

#include "base/clock.h"
#include "media/source.h"

#include <condition_variable>
#include <mutex>

namespace onetake {

/// The moment at which a take begins: when every camera has delivered its first frame, so that picture and sound start
/// together although cameras take longer to get going. Thread-safe.
class StartGate {
 public:
    explicit StartGate(int cameras) : missing_(cameras) {}

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

/// Passes a camera's frames on and tells the gate of the first.
class GatedVideo final : public VideoIntake {
 public:
    GatedVideo(VideoIntake& next, StartGate& gate) : next_(next), gate_(gate) {}
    Buffer buffer(std::size_t bytes) override { return next_.buffer(bytes); }
    void deliver(Frame frame) override {
        next_.deliver(std::move(frame));
        if (!told_) gate_.camera_is_there();
        told_ = true;
    }
    void report(SourceEvent event) override { next_.report(std::move(event)); }

 private:
    VideoIntake& next_;
    StartGate& gate_;
    bool told_ = false;  // the source's thread's
};

/// Leaves out the sound from before the gate opened; it is not part of the take.
class GatedAudio final : public AudioIntake {
 public:
    GatedAudio(AudioIntake& next, StartGate& gate) : next_(next), gate_(gate) {}
    void deliver(AudioBlock block) override {
        if (!open_ && !(open_ = gate_.is_open())) return;
        next_.deliver(std::move(block));
    }
    void report(SourceEvent event) override {
        if (open_) next_.report(std::move(event));
    }

 private:
    AudioIntake& next_;
    StartGate& gate_;
    bool open_ = false;  // the source's thread's
};

}  // namespace onetake
