#pragma once

#include "capture/push_gate.h"
#include "media/source.h"
#include "media/timestamp_validator.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// The `device` of tracks whose media a program pushes.
inline constexpr const char* kPushDevice = "external";

/// A video source whose frames a program pushes. push() may be called from any number of threads at once.
class PushVideoSource final : public VideoSource {
 public:
    /// `name`: for people; may be empty. `fps`: as announced. `any_size`: the frames' size may change.
    PushVideoSource(const std::string& name, double fps, bool any_size = false);

    const VideoDescription& description() const override { return description_; }
    Status start(VideoReceiver& receiver) override;
    /// Waits for a push that is under way; later ones are refused.
    void stop() override;
    double grab_ms_mean() const override;

    /// A pooled buffer for a frame to push.
    Buffer buffer(std::size_t bytes) { return buffers_->take(bytes); }
    /// Delivers a frame with its stamp: `t`, seconds on CLOCK_MONOTONIC, or the time of arrival, which is now unless
    /// `arrived` says otherwise. Errors: refused, with the reason; no_space once the take stores nothing more. A frame
    /// lost in the queue is counted by the receiver, and no error.
    Status push(Frame frame, std::optional<double> t, std::optional<HostTime> arrived = {});

 private:
    Status deliver(Frame frame, std::optional<double> t, HostTime arrived);

    VideoDescription description_;
    const bool any_size_;
    const std::shared_ptr<BufferPool> buffers_;
    PushGate gate_;
    // Used by the thread that the gate admitted.
    VideoReceiver* receiver_ = nullptr;
    TimestampValidator validator_;
    int width_ = 0, height_ = 0;
};

/// An audio source whose samples a program pushes. push() may be called from any number of threads at once.
class PushAudioSource final : public AudioSource {
 public:
    /// `name`: for people; may be empty.
    PushAudioSource(const std::string& name, int sample_rate, int channels, int blocksize);

    const AudioDescription& description() const override { return description_; }
    Status start(AudioReceiver& receiver) override;
    void stop() override;

    /// Delivers a block; `t`: instant of its first sample, seconds on CLOCK_MONOTONIC, else as if it ended at its
    /// arrival, which is now unless `arrived` says otherwise. Errors: as PushVideoSource::push().
    Status push(AudioBlock block, std::optional<double> t, std::optional<HostTime> arrived = {});

 private:
    Status deliver(AudioBlock block, std::optional<double> t, HostTime arrived);

    AudioDescription description_;
    PushGate gate_;
    // Used by the thread that the gate admitted.
    AudioReceiver* receiver_ = nullptr;
    TimestampValidator validator_;
};

/// A source of data packets that a program pushes. push() may be called from any number of threads at once.
class PushDataSource {
 public:
    /// `name`: for people; may be empty.
    explicit PushDataSource(const std::string& name);

    const DataDescription& description() const { return description_; }
    /// Begins to deliver to `receiver`, which must stay valid until stop() returns.
    void start(DataReceiver& receiver);
    /// Waits for a push that is under way; later ones are refused.
    void stop();

    /// Delivers a packet of 1 to kLargestData bytes; `t`: seconds on CLOCK_MONOTONIC, else the time of arrival. Errors:
    /// as PushVideoSource::push().
    Status push(std::vector<std::uint8_t> bytes, std::optional<double> t);

 private:
    Status deliver(std::vector<std::uint8_t> bytes, std::optional<double> t);

    DataDescription description_;
    PushGate gate_;
    // Used by the thread that the gate admitted.
    DataReceiver* receiver_ = nullptr;
    TimestampValidator validator_;
};

}  // namespace onetake
