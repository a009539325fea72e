#include "v4l2/v4l2_capture.h"

#include "v4l2/v4l2_format.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace onetake {
namespace {

/// Consecutive transient errors (EIO) before the device counts as lost.
constexpr int kMaxIoErrors = 5;
/// Upper limit of the stall timeout, in multiples of stall_after: some cameras take seconds to send their first frame
/// and would never send it if they were reopened each time.
constexpr int kMaxTimeoutFactor = 8;
/// Stall timeout of a loopback whose writer has stopped. Some versions never accept that writer again if the reader
/// closes the device meanwhile, so it is kept open.
constexpr Duration kLoopbackTimeout = std::chrono::minutes(1);
constexpr int kMaxRestartNotes = 10;
/// A JPEG's mandatory segments alone take more.
constexpr std::size_t kSmallestJpeg = 64;

Duration nominal_interval(const V4l2Mode& mode) {
    return mode.fps > 0 ? duration_from_seconds(1 / mode.fps) : Duration::zero();
}

}  // namespace

V4l2Capture::V4l2Capture(V4l2Kernel& kernel, V4l2CameraOptions options, V4l2Setup setup)
    : kernel_(kernel),
      options_(std::move(options)),
      description_(std::move(setup.description)),
      mode_(setup.mode),
      current_mode_(std::move(setup.mode)),
      stream_(std::move(setup.stream)),
      sequence_(nominal_interval(mode_)),
      stall_timeout_(options_.stall_after) {}

Status V4l2Capture::begin() {
    if (!stream_) {
        ONETAKE_TRY(reopen());
    } else {
        ONETAKE_TRY(stream_->on());
    }
    skip_ = std::max(options_.warmup, stale_frames(description_));
    sequence_.reset();
    stall_timeout_ = options_.stall_after;
    last_arrival_.reset();
    stall_reported_ = loss_reported_ = false;
    io_errors_ = 0;
    deadline_ = kernel_.now() + stall_timeout_;
    return {};
}

void V4l2Capture::run(VideoReceiver& receiver, int wake_fd) {
    receiver_ = &receiver;
    for (;;) {
        const Duration wait = std::max(deadline_ - kernel_.now(), Duration::zero());
        switch (kernel_.poll(stream_ ? stream_->device().fd() : -1, wake_fd, wait)) {
            case V4l2Wake::woken:
                if (const auto count = stall_reported_ || loss_reported_ ? frames_missing(kernel_.now()) : 0)
                    report(SourceEvent::Kind::driver_drop, count, "frames were missing when the take ended");
                stream_.reset();
                receiver_ = nullptr;
                return;
            case V4l2Wake::timeout:
                if (kernel_.now() < deadline_) break;
                stream_ ? stalled() : try_again();
                break;
            case V4l2Wake::ready:
                fetch(false);
                break;
            case V4l2Wake::failed:
                fetch(true);
                break;
        }
    }
}

double V4l2Capture::grab_ms_mean() const {
    const std::int64_t grabs = grabs_.load(std::memory_order_acquire);
    if (grabs == 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(grab_ns_.load(std::memory_order_relaxed)) * 1e-6 / static_cast<double>(grabs);
}

void V4l2Capture::fetch(bool device_failed) {
    const HostTime began = kernel_.now();
    v4l2_buffer buffer{};
    const int error = stream_->dequeue(buffer);
    if (error == EAGAIN && !device_failed) {
        if (began >= deadline_) stalled();
        return;
    }
    if (error == EIO && ++io_errors_ < kMaxIoErrors) {
        if (!io_error_reported_) report(SourceEvent::Kind::note, 0, "the driver reported a transient error (EIO)");
        io_error_reported_ = true;
        return;
    }
    if (error != 0) {
        const bool disconnected = error == ENODEV || error == ENXIO;
        return lost(disconnected ? "the camera was disconnected"
                                 : fmt::format("fetching a frame (DQBUF) failed: {}", errno_text(error)));
    }
    io_errors_ = 0;
    deliver(buffer, began);
}

void V4l2Capture::deliver(const v4l2_buffer& buffer, HostTime began) {
    const HostTime arrival = kernel_.now();
    deadline_ = arrival + stall_timeout_;
    if (skip_ > 0) {
        --skip_;
        if (const int error = stream_->queue(buffer.index); error != 0)
            lost(fmt::format("giving back a buffer (QBUF) failed: {}", errno_text(error)));
        return;
    }

    Frame frame;
    frame.format = current_mode_.format;
    frame.width = description_.width;
    frame.height = description_.height;
    frame.stride = current_mode_.stride;
    frame.color = description_.color;
    frame.stamp = stamps_.stamp(buffer, arrival);
    const std::string defect = find_defect(buffer);
    if (defect.empty()) {
        const auto bytes = stream_->bytes(buffer);
        const std::size_t size = frame.format == PixelFormat::jpeg ? bytes.size() : current_mode_.frame_bytes;
        frame.bytes = receiver_->buffer(size);
        frame.bytes.resize(size);
        std::memcpy(frame.bytes.writable(), bytes.data(), size);
    }
    const int error = stream_->queue(buffer.index);
    if (defect.empty()) {
        grab_ns_.fetch_add((kernel_.now() - began).count(), std::memory_order_relaxed);
        grabs_.fetch_add(1, std::memory_order_release);
    }

    end_outage(arrival);
    if (auto note = stamps_.take_note()) report(SourceEvent::Kind::note, 0, *note);
    track_sequence(frame.stamp);
    if (defect.empty())
        receiver_->deliver(std::move(frame));
    else
        report(SourceEvent::Kind::corrupt, 1, fmt::format("frame {} was dropped: {}", buffer.sequence, defect));
    if (error != 0) lost(fmt::format("giving back a buffer (QBUF) failed: {}", errno_text(error)));
}

std::string V4l2Capture::find_defect(const v4l2_buffer& buffer) const {
    if ((buffer.flags & V4L2_BUF_FLAG_ERROR) != 0) return "the driver marked it as damaged";
    const auto bytes = stream_->bytes(buffer);
    if (current_mode_.format != PixelFormat::jpeg) {
        if (bytes.size() >= current_mode_.frame_bytes) return {};
        return fmt::format("it has {} of {} bytes", bytes.size(), current_mode_.frame_bytes);
    }
    if (bytes.size() < kSmallestJpeg) return fmt::format("{} bytes are too few for a JPEG", bytes.size());
    return bytes[0] == 0xff && bytes[1] == 0xd8 ? std::string() : "it does not start with a JPEG header";
}

void V4l2Capture::track_sequence(const FrameStamp& stamp) {
    const auto found = sequence_.next(*stamp.driver_sequence, stamp.time);
    if (found.lost > 0)
        report(SourceEvent::Kind::driver_drop, found.lost,
               fmt::format("the driver lost {} before frame {}", found.lost, *stamp.driver_sequence));
    if (found.jumped_in_time && !std::exchange(jump_reported_, true))
        report(SourceEvent::Kind::note, 0,
               "the driver's frame counter skips numbers without a gap in time; these are not counted as lost");
    if (found.stuck && !std::exchange(stuck_reported_, true))
        report(SourceEvent::Kind::note, 0,
               "the driver's frame counter does not advance; frames lost by the driver cannot be counted");
    if (found.restarted && restarts_reported_++ < kMaxRestartNotes)
        report(SourceEvent::Kind::note, 0,
               fmt::format("the driver's frame counter restarted at {}", *stamp.driver_sequence));
}

void V4l2Capture::end_outage(HostTime arrival) {
    if (stall_reported_ || loss_reported_) {
        const std::string where = stream_->device().path() == description_.device
                                      ? std::string()
                                      : fmt::format(", now as {}", stream_->device().path());
        const std::string after =
            last_arrival_ ? fmt::format(" after {:.1f} s", to_seconds(arrival - *last_arrival_)) : "";
        // Without a reopen, losses are counted from the driver's frame counter.
        const auto count = reopened_ ? frames_missing(arrival) : 0;
        report(SourceEvent::Kind::resumed, count > 0 ? count - 1 : 0,
               fmt::format("frames are arriving again{}{}", after, where));
    }
    stall_reported_ = loss_reported_ = reopened_ = false;
    stall_timeout_ = options_.stall_after;
    deadline_ = arrival + stall_timeout_;
    last_arrival_ = arrival;
}

std::uint64_t V4l2Capture::frames_missing(HostTime until) const {
    if (!last_arrival_ || description_.fps <= 0 || until <= *last_arrival_) return 0;
    return static_cast<std::uint64_t>(std::llround(to_seconds(until - *last_arrival_) * description_.fps));
}

void V4l2Capture::stalled() {
    if (!stall_reported_ && !loss_reported_) {
        stall_reported_ = true;
        report(SourceEvent::Kind::stall, 0,
               fmt::format("no frame for {:.1f} s; retrying until frames arrive", to_seconds(stall_timeout_)));
        if (is_loopback(description_)) {
            deadline_ = kernel_.now() + kLoopbackTimeout;
            return;
        }
    }
    stall_timeout_ = std::min(2 * stall_timeout_, kMaxTimeoutFactor * options_.stall_after);
    stream_.reset();
    try_again();
}

void V4l2Capture::lost(const std::string& why) {
    if (!loss_reported_) report(SourceEvent::Kind::device_lost, 0, why);
    loss_reported_ = true;
    stream_.reset();
    deadline_ = std::max(kernel_.now(), last_try_ + options_.retry_every);
}

void V4l2Capture::try_again() {
    if (const Status status = reopen(); !status) lost("it cannot be reopened yet. " + status.error().message);
}

Status V4l2Capture::reopen() {
    last_try_ = kernel_.now();
    V4l2CameraOptions options = options_;
    options.device = description_.stable_id.empty() ? description_.device : description_.stable_id;
    // Checked first, because the error for a missing camera opens and lists all the others.
    if (kernel_.resolve(options.device).empty())
        return fail(ErrorCode::device_unavailable,
                    fmt::format("{} is disconnected; plug the camera in again", options.device));
    auto setup = set_up_camera(kernel_, options);
    if (!setup) return fail(std::move(setup).error());
    if (setup->description.name != description_.name)
        return fail(ErrorCode::device_unavailable,
                    fmt::format("{} is another camera now ({}, not {}); plug the right one in again", options.device,
                                setup->description.name, description_.name));
    if (setup->mode.pix.width != mode_.pix.width || setup->mode.pix.height != mode_.pix.height ||
        setup->mode.pix.pixelformat != mode_.pix.pixelformat)
        return fail(ErrorCode::device_unavailable,
                    fmt::format("{} came back with {} where the take has {}", options.device, to_string(setup->mode),
                                to_string(mode_)));
    ONETAKE_TRY(setup->stream->on());
    stream_ = std::move(setup->stream);
    current_mode_ = std::move(setup->mode);
    skip_ = std::max(skip_, stale_frames(description_));
    sequence_.reset();
    reopened_ = true;
    io_errors_ = 0;
    deadline_ = kernel_.now() + stall_timeout_;
    return {};
}

void V4l2Capture::report(SourceEvent::Kind kind, std::uint64_t count, const std::string& text) {
    receiver_->report({kind, kernel_.now(), count, fmt::format("camera {}: {}", description_.device, text)});
}

}  // namespace onetake
