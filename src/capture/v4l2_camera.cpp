#include "capture/v4l2_camera.h"

#include "capture/v4l2_capture.h"

#include <cerrno>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <utility>

namespace onetake {

void V4l2Camera::Gate::open(VideoIntake& intake) {
    std::lock_guard lock(mutex_);
    intake_ = &intake;
}

void V4l2Camera::Gate::shut() {
    std::lock_guard lock(mutex_);
    intake_ = nullptr;
}

Buffer V4l2Camera::Gate::buffer(std::size_t bytes) {
    std::lock_guard lock(mutex_);
    return intake_ != nullptr ? intake_->buffer(bytes) : Buffer(std::vector<std::uint8_t>(bytes));
}

void V4l2Camera::Gate::deliver(Frame frame) {
    std::lock_guard lock(mutex_);
    if (intake_ != nullptr) intake_->deliver(std::move(frame));
}

void V4l2Camera::Gate::report(SourceEvent event) {
    std::lock_guard lock(mutex_);
    if (intake_ != nullptr) intake_->report(std::move(event));
}

Result<std::unique_ptr<V4l2Camera>> V4l2Camera::open(const V4l2CameraOptions& options, V4l2Kernel& kernel) {
    auto setup = set_up_camera(kernel, options);
    if (!setup) return fail(std::move(setup).error());
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return fail(file_error("opening", "an eventfd", errno));
    auto capture = std::make_unique<V4l2Capture>(kernel, options, *std::move(setup));
    return std::unique_ptr<V4l2Camera>(new V4l2Camera(std::move(capture), std::move(wake), options.stop_within));
}

V4l2Camera::V4l2Camera(std::unique_ptr<V4l2Capture> capture, UniqueFd wake, Duration stop_within)
    : capture_(std::move(capture)), wake_(std::move(wake)), stop_within_(stop_within) {}

V4l2Camera::~V4l2Camera() {
    stop();
    if (thread_.joinable()) thread_.join();
}

const VideoDescription& V4l2Camera::description() const {
    return capture_->description();
}

double V4l2Camera::grab_ms_mean() const {
    return capture_->grab_ms_mean();
}

Status V4l2Camera::start(VideoIntake& intake) {
    const std::string& device = capture_->description().device;
    if (thread_.joinable()) {
        if (!finished_within(Duration::zero()))
            return fail(ErrorCode::wrong_state,
                        fmt::format("camera {}: it is running, or its driver has not let go of an earlier take. Stop "
                                    "it, or unplug it.",
                                    device));
        thread_.join();
    }
    std::uint64_t wakes = 0;
    // Nothing to read is fine: nobody has stopped it yet.
    [[maybe_unused]] const auto drained = ::read(wake_.get(), &wakes, sizeof wakes);
    ONETAKE_TRY(capture_->begin());
    gate_.open(intake);
    running_ = true;
    thread_ = std::thread([this] {
        capture_->run(gate_, wake_.get());
        std::lock_guard lock(mutex_);
        running_ = false;
        ended_.notify_all();
    });
    return {};
}

void V4l2Camera::stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the thread is woken already.
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    finished_within(stop_within_);
    gate_.shut();
    if (finished_within(Duration::zero())) thread_.join();
}

bool V4l2Camera::finished_within(Duration limit) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, limit, [&] { return !running_; });
}

}  // namespace onetake
