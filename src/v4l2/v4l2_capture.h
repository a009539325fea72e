#pragma once

#include "v4l2/v4l2_sequence.h"
#include "v4l2/v4l2_setup.h"
#include "v4l2/v4l2_stamp.h"

#include <atomic>
#include <optional>
#include <string>

namespace onetake {

/// The capture loop: fetches frames, and reopens a camera that falls silent or goes away. begin() and run() belong to
/// one thread at a time; grab_ms_mean() to any.
class V4l2Capture {
 public:
    V4l2Capture(V4l2Kernel& kernel, V4l2CameraOptions options, V4l2Setup setup);

    /// As set up first; a reopened camera must grant the same again.
    const VideoDescription& description() const { return description_; }
    /// Starts the driver, reopening a camera that an earlier run lost or closed.
    Status begin();
    /// Delivers to `receiver` until `wake_fd` becomes readable; then closes the camera.
    void run(VideoReceiver& receiver, int wake_fd);
    double grab_ms_mean() const;

 private:
    Status reopen();
    void try_again();
    void fetch(bool device_failed);
    void deliver(const v4l2_buffer& buffer, HostTime began);
    /// Empty if the buffer holds a whole frame, else what is wrong with it.
    std::string damage(const v4l2_buffer& buffer) const;
    void track_sequence(const FrameStamp& stamp);
    void back_to_life(HostTime arrival);
    /// Frames due since the last one that came, by the granted rate.
    std::uint64_t frames_missing(HostTime until) const;
    void silent();
    void lost(const std::string& why);
    void report(SourceEvent::Kind kind, std::uint64_t count, const std::string& text);

    V4l2Kernel& kernel_;
    const V4l2CameraOptions options_;
    const VideoDescription description_;
    const V4l2Mode mode_;
    V4l2Mode current_mode_;               ///< as mode_, but for the row length, which may differ after reopening
    std::unique_ptr<V4l2Stream> stream_;  ///< null while the camera is gone
    VideoReceiver* receiver_ = nullptr;

    V4l2Stamps stamps_;
    V4l2Sequence sequence_;
    int skip_ = 0;                   ///< frames still to throw away
    HostTime deadline_;              ///< with a stream: when silence is a stall; without: when to try again
    HostTime last_try_;              ///< of reopening
    Duration patience_;              ///< silence allowed; grows while reopening does not help
    std::optional<HostTime> heard_;  ///< last arrival
    bool said_stall_ = false, said_lost_ = false;
    bool reopened_ = false;  ///< since the last frame
    bool said_jump_ = false, said_stuck_ = false, said_io_ = false;
    int restarts_said_ = 0;
    int io_errors_ = 0;  ///< in a row

    std::atomic<std::int64_t> grab_ns_{0}, grabs_{0};
};

}  // namespace onetake
