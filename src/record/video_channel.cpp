#include "base/error.h"

#include <onetake/video_recorder.h>

#include <algorithm>
#include <utility>

namespace onetake {

Result<VideoRecordingHandle> MockVideoRecorder::start(const std::string& session_id) {
    const std::lock_guard lock(mutex_);
    if (start_error_) return fail(*start_error_);
    if (closed_) return fail(ErrorCode::wrong_state, "start() after close().");
    if (session_id.empty()) return fail(ErrorCode::invalid_argument, "session_id is empty; it names the file.");
    Running running;
    running.handle = {session_id, ++last_number_};
    running.result.session_id = session_id;
    running_.push_back(running);
    return running.handle;
}

Status MockVideoRecorder::tap_frame(const VideoRecordingHandle& handle, const VideoFrame& frame,
                                    std::shared_ptr<const void>) {
    const std::lock_guard lock(mutex_);
    const auto at = std::ranges::find(running_, handle.number, [](const Running& r) { return r.handle.number; });
    if (at == running_.end()) return fail(ErrorCode::not_found, "There is no such recording.");
    auto& kept = frames_.emplace_back(Frame{handle, frame, {frame.bytes.begin(), frame.bytes.end()}});
    kept.frame.bytes = kept.bytes;
    ++at->result.tapped;
    ++at->result.frames;
    at->result.bytes += frame.bytes.size();
    return {};
}

Result<VideoRecordingResult> MockVideoRecorder::stop(const VideoRecordingHandle& handle) {
    const std::lock_guard lock(mutex_);
    const auto at = std::ranges::find(running_, handle.number, [](const Running& r) { return r.handle.number; });
    if (at == running_.end()) return VideoRecordingResult{};
    results_.push_back(at->result);
    running_.erase(at);
    return results_.back();
}

std::vector<VideoRecordingResult> MockVideoRecorder::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    std::vector<VideoRecordingResult> results;
    for (const auto& running : std::exchange(running_, {})) results.push_back(running.result);
    results_.insert(results_.end(), results.begin(), results.end());
    return results;
}

std::vector<MockVideoRecorder::Frame> MockVideoRecorder::frames() const {
    const std::lock_guard lock(mutex_);
    auto copies = frames_;
    for (auto& copy : copies) copy.frame.bytes = copy.bytes;
    return copies;
}

std::vector<VideoRecordingResult> MockVideoRecorder::results() const {
    const std::lock_guard lock(mutex_);
    return results_;
}

void MockVideoRecorder::fail_starts(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    start_error_ = std::move(error);
}

VideoChannel::~VideoChannel() {
    (void)unbind();
}

void VideoChannel::add_recorder(std::shared_ptr<VideoRecorderInterface> recorder) {
    const std::lock_guard lock(mutex_);
    if (recorder) recorders_.push_back(std::move(recorder));
}

Status VideoChannel::bind(const std::string& session_id) {
    std::vector<std::shared_ptr<VideoRecorderInterface>> recorders;
    {
        const std::lock_guard lock(mutex_);
        if (is_bound_) return fail(ErrorCode::wrong_state, "bind() while a session is bound. Call unbind() first.");
        is_bound_ = true;
        recorders = recorders_;
    }
    std::vector<Bound> bound;
    Status status;
    for (const auto& recorder : recorders) {
        auto handle = recorder->start(session_id);
        if (!handle) {
            status = fail(std::move(handle).error());
            break;
        }
        bound.push_back({recorder, std::move(*handle)});
    }
    if (!status)
        for (const auto& started : bound) (void)started.recorder->stop(started.handle);
    const std::lock_guard lock(mutex_);
    is_bound_ = status.has_value();
    if (is_bound_) bound_ = std::move(bound);
    return status;
}

Status VideoChannel::push(const VideoFrame& frame) {
    std::vector<Bound> bound;
    {
        const std::lock_guard lock(mutex_);
        bound = bound_;
    }
    Status status;
    for (const auto& [recorder, handle] : bound)
        if (auto tapped = recorder->tap_frame(handle, frame); !tapped && status) status = std::move(tapped);
    return status;
}

std::vector<VideoRecordingResult> VideoChannel::unbind() {
    std::vector<Bound> bound;
    {
        const std::lock_guard lock(mutex_);
        bound.swap(bound_);
        is_bound_ = false;
    }
    std::vector<VideoRecordingResult> results;
    for (const auto& [recorder, handle] : bound) {
        auto stopped = recorder->stop(handle);
        if (stopped) {
            results.push_back(std::move(*stopped));
            continue;
        }
        auto& failed = results.emplace_back();
        failed.session_id = handle.session_id;
        failed.failures.push_back(stopped.error().message);
    }
    return results;
}

bool VideoChannel::is_bound() const {
    const std::lock_guard lock(mutex_);
    return is_bound_;
}

}  // namespace onetake
