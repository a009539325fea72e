#include "v4l2/v4l2_camera.h"

#include "base/clock.h"
#include "base/mutex.h"
#include "base/wake_event.h"
#include "v4l2/v4l2_capture.h"

#include <cerrno>
#include <fmt/format.h>
#include <utility>

namespace onetake {
namespace {

/// Forwards what the capture loop delivers until close(), so that stop() can end delivery while the loop's thread hangs
/// in the driver.
class RevocableReceiver final : public VideoReceiver {
 public:
    void open(VideoReceiver& receiver) {
        const MutexLock lock(mutex_);
        receiver_ = &receiver;
    }
    /// Waits for a call in progress; the receiver is not used afterwards.
    void close() {
        const MutexLock lock(mutex_);
        receiver_ = nullptr;
    }

    Buffer buffer(std::size_t bytes) override {
        const MutexLock lock(mutex_);
        return receiver_ != nullptr ? receiver_->buffer(bytes) : Buffer(std::vector<std::uint8_t>(bytes));
    }
    Delivery deliver(Frame frame) override {
        const MutexLock lock(mutex_);
        return receiver_ != nullptr ? receiver_->deliver(std::move(frame)) : Delivery::closed;
    }
    void report(SourceEvent event) override {
        const MutexLock lock(mutex_);
        if (receiver_ != nullptr) receiver_->report(std::move(event));
    }

 private:
    Mutex mutex_;
    VideoReceiver* receiver_ ONETAKE_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace

/// Everything the capture loop uses except the kernel.
struct V4l2Camera::Session {
    Session(V4l2Kernel& kernel, const V4l2CameraOptions& options, V4l2Setup setup, WakeEvent wake_event)
        : capture(kernel, options, std::move(setup)), wake(std::move(wake_event)) {}

    V4l2Capture capture;
    const WakeEvent wake;
    RevocableReceiver receiver;
};

Result<std::unique_ptr<V4l2Camera>> V4l2Camera::open(const V4l2CameraOptions& options, V4l2Kernel& kernel) {
    auto setup = set_up_camera(kernel, options);
    if (!setup) return fail(std::move(setup).error());
    auto wake = WakeEvent::create();
    if (!wake) return fail(std::move(wake).error());
    auto session = std::make_shared<Session>(kernel, options, *std::move(setup), std::move(*wake));
    return std::unique_ptr<V4l2Camera>(new V4l2Camera(std::move(session), options.stop_within));
}

V4l2Camera::V4l2Camera(std::shared_ptr<Session> session, Duration stop_within)
    : session_(std::move(session)), stop_within_(stop_within) {}

V4l2Camera::~V4l2Camera() {
    stop();
    if (loop_) return;
    // Never started, so the device is still open; closing it may hang like any other call.
    BoundedCall::begin([session = std::move(session_)] {}).wait_until(host_now() + stop_within_);
}

const VideoDescription& V4l2Camera::description() const {
    return session_->capture.description();
}

double V4l2Camera::grab_ms_mean() const {
    return session_->capture.grab_ms_mean();
}

Status V4l2Camera::start(VideoReceiver& receiver) {
    if (loop_ && !loop_->returned())
        return fail(
            ErrorCode::wrong_state,
            fmt::format(
                "camera {}: it is running, or its driver has not returned from an earlier take. Stop it, or unplug it.",
                description().device));
    loop_.reset();
    session_->wake.clear();
    ONETAKE_TRY(session_->capture.begin());
    session_->receiver.open(receiver);
    running_ = true;
    loop_.emplace(
        BoundedCall::begin([session = session_] { session->capture.run(session->receiver, session->wake.fd()); }));
    return {};
}

void V4l2Camera::stop() {
    if (!std::exchange(running_, false)) return;
    session_->wake.wake();
    if (!loop_->wait_until(host_now() + stop_within_))
        session_->receiver.report({SourceEvent::Kind::note, host_now(), 0,
                                   fmt::format("camera {}: its driver did not return within {:.1f} s; its thread is "
                                               "abandoned until it does or the program ends",
                                               description().device, to_seconds(stop_within_))});
    session_->receiver.close();
}

}  // namespace onetake
