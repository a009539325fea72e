#pragma once

#include "v4l2/v4l2_sequence.h"
#include "v4l2/v4l2_setup.h"
#include "v4l2/v4l2_stamp.h"

#include <atomic>
#include <optional>
#include <string>

namespace onetake {

/// The capture loop: dequeues frames and reopens a camera that stalls or is disconnected. begin() and run(): one thread
/// at a time; grab_ms_mean(): any thread.
class V4l2Capture {
 public:
    V4l2Capture(V4l2Kernel& kernel, V4l2CameraOptions options, V4l2Setup setup);

    /// As first set up; a reopened camera must grant the same.
    const VideoDescription& description() const { return description_; }
    /// Starts the stream, reopening a camera that an earlier run lost or closed.
    Status begin();
    /// Delivers to `receiver` until `wake_fd` becomes readable; then closes the camera.
    void run(VideoReceiver& receiver, int wake_fd);
    double grab_ms_mean() const;

 private:
    Status reopen();
    void try_again();
    void fetch(bool device_failed);
    void deliver(const v4l2_buffer& buffer, HostTime began);
    /// Empty if the buffer holds a complete frame, else what is wrong with it.
    std::string find_defect(const v4l2_buffer& buffer) const;
    void track_sequence(const FrameStamp& stamp);
    void end_outage(HostTime arrival);
    /// Frames due since the last arrival, at the granted rate.
    std::uint64_t frames_missing(HostTime until) const;
    void stalled();
    void lost(const std::string& why);
    void report(SourceEvent::Kind kind, std::uint64_t count, const std::string& text);

    V4l2Kernel& kernel_;
    const V4l2CameraOptions options_;
    const VideoDescription description_;
    const V4l2Mode mode_;
    V4l2Mode current_mode_;               ///< like mode_, except for the stride, which may differ after reopening
    std::unique_ptr<V4l2Stream> stream_;  ///< null while the camera is closed or lost
    VideoReceiver* receiver_ = nullptr;

    V4l2Stamps stamps_;
    V4l2Sequence sequence_;
    int skip_ = 0;                          ///< frames still to discard
    HostTime deadline_;                     ///< with a stream: when a stall is reported; without: when to retry
    HostTime last_try_;                     ///< of reopening
    Duration stall_timeout_;                ///< time allowed without a frame; grows while reopening does not help
    std::optional<HostTime> last_arrival_;  ///< of a frame
    bool stall_reported_ = false, loss_reported_ = false;
    bool reopened_ = false;  ///< since the last frame
    bool jump_reported_ = false, stuck_reported_ = false, io_error_reported_ = false;
    int restarts_reported_ = 0;
    int io_errors_ = 0;  ///< consecutive

    std::atomic<std::int64_t> grab_ns_{0}, grabs_{0};
};

}  // namespace onetake
