#pragma once

#include "capture/bounded_call.h"
#include "v4l2/v4l2_camera_options.h"
#include "v4l2/v4l2_kernel.h"
#include "media/source.h"

#include <memory>
#include <optional>

namespace onetake {

/// A V4L2 camera as a source of frames. Stamps are the driver's where it has any on our clock, else the arrival; a
/// camera that falls silent or goes away is reopened until it is back.
///
/// Threads: calls from one thread at a time, except grab_ms_mean(); delivery comes from a thread that lives between
/// start() and stop(). A driver may hang in any call: then that thread and the device stay behind until it returns.
class V4l2Camera final : public VideoSource {
 public:
    /// `kernel` must outlive the camera and what of it stays behind (BoundedCall::abandoned()).
    static Result<std::unique_ptr<V4l2Camera>> open(const V4l2CameraOptions& options,
                                                    V4l2Kernel& kernel = real_v4l2_kernel());
    V4l2Camera(const V4l2Camera&) = delete;
    V4l2Camera& operator=(const V4l2Camera&) = delete;
    ~V4l2Camera() override;

    const VideoDescription& description() const override;
    /// Opens the camera anew if it was started before.
    Status start(VideoReceiver& receiver) override;
    /// Closes the camera. Returns within `stop_within` and a little, even if the driver hangs, and a note event says
    /// so.
    void stop() override;
    double grab_ms_mean() const override;

 private:
    struct Session;
    V4l2Camera(std::shared_ptr<Session> session, Duration stop_within);

    std::shared_ptr<Session> session_;  ///< shared with the thread, which may stay behind with it
    const Duration stop_within_;
    std::optional<BoundedCall> loop_;
    bool running_ = false;
};

}  // namespace onetake
