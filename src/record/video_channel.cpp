#include "base/error.h"
#include "base/mutex.h"

#include <onetake/video_recorder.h>

#include <algorithm>
#include <utility>

namespace onetake {

VideoRecorderInterface::~VideoRecorderInterface() = default;

class MockVideoRecorder::Impl {
 public:
    struct Running {
        VideoRecordingHandle handle;
        VideoRecordingResult result;
    };
    Mutex mutex;
    std::uint64_t last_number ONETAKE_GUARDED_BY(mutex) = 0;
    bool closed ONETAKE_GUARDED_BY(mutex) = false;
    std::optional<Error> start_error ONETAKE_GUARDED_BY(mutex);
    std::vector<Running> running ONETAKE_GUARDED_BY(mutex);
    std::vector<Frame> frames ONETAKE_GUARDED_BY(mutex);
    std::vector<VideoRecordingResult> results ONETAKE_GUARDED_BY(mutex);
};

MockVideoRecorder::MockVideoRecorder() : impl_(std::make_unique<Impl>()) {}
MockVideoRecorder::~MockVideoRecorder() = default;

Result<VideoRecordingHandle> MockVideoRecorder::start(const std::string& session_id) {
    MutexLock lock(impl_->mutex);
    if (impl_->start_error) return fail(*impl_->start_error);
    if (impl_->closed) return fail(ErrorCode::wrong_state, "start() after close().");
    if (session_id.empty()) return fail(ErrorCode::invalid_argument, "session_id is empty; it names the file.");
    Impl::Running running;
    running.handle = {session_id, ++impl_->last_number};
    running.result.session_id = session_id;
    impl_->running.push_back(running);
    return running.handle;
}

Status MockVideoRecorder::tap_frame(const VideoRecordingHandle& handle, const VideoFrame& frame,
                                    std::shared_ptr<const void>) {
    MutexLock lock(impl_->mutex);
    const auto at =
        std::ranges::find(impl_->running, handle.number, [](const Impl::Running& r) { return r.handle.number; });
    if (at == impl_->running.end()) return fail(ErrorCode::not_found, "There is no such recording.");
    auto& kept = impl_->frames.emplace_back(Frame{handle, frame, {frame.bytes.begin(), frame.bytes.end()}});
    kept.frame.bytes = kept.bytes;
    ++at->result.tapped;
    ++at->result.frames;
    at->result.bytes += frame.bytes.size();
    return {};
}

Result<VideoRecordingResult> MockVideoRecorder::stop(const VideoRecordingHandle& handle) {
    MutexLock lock(impl_->mutex);
    const auto at =
        std::ranges::find(impl_->running, handle.number, [](const Impl::Running& r) { return r.handle.number; });
    if (at == impl_->running.end()) return VideoRecordingResult{};
    impl_->results.push_back(at->result);
    impl_->running.erase(at);
    return impl_->results.back();
}

std::vector<VideoRecordingResult> MockVideoRecorder::close() {
    MutexLock lock(impl_->mutex);
    impl_->closed = true;
    std::vector<VideoRecordingResult> results;
    for (const auto& running : std::exchange(impl_->running, {})) results.push_back(running.result);
    impl_->results.insert(impl_->results.end(), results.begin(), results.end());
    return results;
}

std::vector<MockVideoRecorder::Frame> MockVideoRecorder::frames() const {
    MutexLock lock(impl_->mutex);
    auto copies = impl_->frames;
    for (auto& copy : copies) copy.frame.bytes = copy.bytes;
    return copies;
}

std::vector<VideoRecordingResult> MockVideoRecorder::results() const {
    MutexLock lock(impl_->mutex);
    return impl_->results;
}

void MockVideoRecorder::fail_starts(std::optional<Error> error) {
    MutexLock lock(impl_->mutex);
    impl_->start_error = std::move(error);
}

namespace {

struct Bound {
    std::shared_ptr<VideoRecorderInterface> recorder;
    VideoRecordingHandle handle;
};

}  // namespace

class VideoChannel::Impl {
 public:
    Mutex mutex;
    std::vector<std::shared_ptr<VideoRecorderInterface>> recorders ONETAKE_GUARDED_BY(mutex);
    std::vector<Bound> bound ONETAKE_GUARDED_BY(mutex);
    bool is_bound ONETAKE_GUARDED_BY(mutex) = false;
};

VideoChannel::VideoChannel() : impl_(std::make_unique<Impl>()) {}
VideoChannel::VideoChannel(std::shared_ptr<VideoRecorderInterface> recorder) : VideoChannel() {
    add_recorder(std::move(recorder));
}
VideoChannel::~VideoChannel() {
    (void)unbind();
}

void VideoChannel::add_recorder(std::shared_ptr<VideoRecorderInterface> recorder) {
    MutexLock lock(impl_->mutex);
    if (recorder) impl_->recorders.push_back(std::move(recorder));
}

Status VideoChannel::bind(const std::string& session_id) {
    std::vector<std::shared_ptr<VideoRecorderInterface>> recorders;
    {
        MutexLock lock(impl_->mutex);
        if (impl_->is_bound)
            return fail(ErrorCode::wrong_state, "bind() while a session is bound. Call unbind() first.");
        impl_->is_bound = true;
        recorders = impl_->recorders;
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
    MutexLock lock(impl_->mutex);
    impl_->is_bound = status.has_value();
    if (impl_->is_bound) impl_->bound = std::move(bound);
    return status;
}

Status VideoChannel::push(const VideoFrame& frame) {
    std::vector<Bound> bound;
    {
        MutexLock lock(impl_->mutex);
        bound = impl_->bound;
    }
    Status status;
    for (const auto& [recorder, handle] : bound)
        if (auto tapped = recorder->tap_frame(handle, frame); !tapped && status) status = std::move(tapped);
    return status;
}

std::vector<VideoRecordingResult> VideoChannel::unbind() {
    std::vector<Bound> bound;
    {
        MutexLock lock(impl_->mutex);
        bound.swap(impl_->bound);
        impl_->is_bound = false;
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
    MutexLock lock(impl_->mutex);
    return impl_->is_bound;
}

}  // namespace onetake
