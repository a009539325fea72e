#pragma once

#include "capture/bounded_call.h"
#include "media/source.h"
#include "v4l2/v4l2_camera_options.h"
#include "v4l2/v4l2_kernel.h"

#include <memory>
#include <optional>

namespace onetake {

/// A V4L2 camera as a video source. Stamps are the driver's if they are on CLOCK_MONOTONIC, else the arrival time. A
/// camera that stalls or is disconnected is reopened until frames arrive again.
///
/// Threads: calls from one thread at a time, except grab_ms_mean(); frames are delivered from a thread that runs
/// between start() and stop(). A driver may hang in any call: that thread and the device are then abandoned until it
/// returns.
class V4l2Camera final : public VideoSource {
 public:
    /// `kernel` must outlive the camera and its abandoned threads (BoundedCall::abandoned()).
    static Result<std::unique_ptr<V4l2Camera>> open(const V4l2CameraOptions& options,
                                                    V4l2Kernel& kernel = real_v4l2_kernel());
    V4l2Camera(const V4l2Camera&) = delete;
    V4l2Camera& operator=(const V4l2Camera&) = delete;
    ~V4l2Camera() override;

    const VideoDescription& description() const override;
    /// Reopens the camera if it was started before.
    Status start(VideoReceiver& receiver) override;
    /// Closes the camera. Returns shortly after `stop_within` at the latest; a driver that hangs is reported as a note
    /// event.
    void stop() override;
    double grab_ms_mean() const override;

 private:
    struct Session;
    V4l2Camera(std::shared_ptr<Session> session, Duration stop_within);

    std::shared_ptr<Session> session_;  ///< shared with the thread, which may be abandoned with it
    const Duration stop_within_;
    std::optional<BoundedCall> loop_;
    bool running_ = false;
};

}  // namespace onetake
