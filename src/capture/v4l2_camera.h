#pragma once

#include "base/unique_fd.h"
#include "capture/v4l2_camera_options.h"
#include "capture/v4l2_kernel.h"
#include "media/source.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace onetake {

class V4l2Capture;

/// A V4L2 camera as a source of frames. Stamps are the driver's where it has any on our clock, else the arrival; a
/// camera that falls silent or goes away is reopened until it is back. Calls are thread-bound to the owner, except
/// grab_ms_mean(); delivery comes from a thread that lives between start() and stop().
class V4l2Camera final : public VideoSource {
 public:
    /// `kernel` must outlive the camera.
    static Result<std::unique_ptr<V4l2Camera>> open(const V4l2CameraOptions& options,
                                                    V4l2Kernel& kernel = real_v4l2_kernel());
    V4l2Camera(const V4l2Camera&) = delete;
    V4l2Camera& operator=(const V4l2Camera&) = delete;
    /// Waits for a driver that stop() did not wait for.
    ~V4l2Camera() override;

    const VideoDescription& description() const override;
    Status start(VideoIntake& intake) override;
    void stop() override;
    double grab_ms_mean() const override;

 private:
    /// Passes frames on until it is shut; so stop() can end delivery while the driver holds the thread.
    class Gate final : public VideoIntake {
     public:
        void open(VideoIntake& intake);
        /// Waits for a call that is under way; the intake is not touched after.
        void shut();
        Buffer buffer(std::size_t bytes) override;
        void deliver(Frame frame) override;
        void report(SourceEvent event) override;

     private:
        std::mutex mutex_;
        VideoIntake* intake_ = nullptr;
    };

    V4l2Camera(std::unique_ptr<V4l2Capture> capture, UniqueFd wake, Duration stop_within);
    bool finished_within(Duration limit);

    std::unique_ptr<V4l2Capture> capture_;
    const UniqueFd wake_;
    const Duration stop_within_;
    Gate gate_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool running_ = false;  ///< guarded by mutex_: the thread is in its loop
    std::thread thread_;
};

}  // namespace onetake
