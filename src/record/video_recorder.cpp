#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/wake_event.h"
#include "record/callback_guard.h"
#include "record/ticker.h"
#include "record/video_session.h"

#include <onetake/config_fields.h>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace onetake {

std::string_view to_string(VideoFrameFormat format) {
    switch (format) {
        case VideoFrameFormat::raw_bgr24:
            return "raw_bgr24";
        case VideoFrameFormat::raw_rgb24:
            return "raw_rgb24";
        case VideoFrameFormat::raw_gray8:
            return "raw_gray8";
        case VideoFrameFormat::raw_nv12:
            return "raw_nv12";
        case VideoFrameFormat::raw_i420:
            return "raw_i420";
        case VideoFrameFormat::jpeg:
            return "jpeg";
        case VideoFrameFormat::h264:
            return "h264";
        case VideoFrameFormat::h265:
            return "h265";
        case VideoFrameFormat::vp8:
            return "vp8";
        case VideoFrameFormat::vp9:
            return "vp9";
        case VideoFrameFormat::av1:
            return "av1";
    }
    return "unknown";
}

std::string to_json(const VideoRecordingResult& r) {
    using nlohmann::ordered_json;
    const auto text = [](const std::string& s) { return s.empty() ? ordered_json(nullptr) : ordered_json(s); };
    const auto known = [](double v) { return std::isfinite(v) ? ordered_json(v) : ordered_json(nullptr); };
    const ordered_json object{{"session_id", r.session_id},
                              {"path", text(r.path)},
                              {"take", text(r.take)},
                              {"bytes", r.bytes},
                              {"duration_s", known(r.duration_s)},
                              {"codec", text(r.codec)},
                              {"width", r.width},
                              {"height", r.height},
                              {"tapped", r.tapped},
                              {"frames", r.frames},
                              {"dropped", r.dropped},
                              {"skipped", r.skipped},
                              {"surplus", r.surplus},
                              {"refused", r.refused},
                              {"lost", r.lost},
                              {"loss_bound_s", known(r.loss_bound_s)},
                              {"notes", r.notes},
                              {"failures", r.failures}};
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

Status validate(const VideoRecordingConfig& config) {
    const auto refuse = [](std::string_view field, const auto& value, std::string_view allowed) -> Status {
        return fail(ErrorCode::invalid_argument, fmt::format("{} is {}; allowed: {}.", field, value, allowed));
    };
    const auto within = [](double v, double low, double high) { return v >= low && v <= high; };
    if (config.storage.empty()) return refuse("storage", "empty", "a folder; \".\" is the current one");
    if (config.format != ContainerFormat::mp4 && config.format != ContainerFormat::mkv &&
        config.format != ContainerFormat::avi)
        return refuse("format", "another container", "mp4|mkv|avi");
    if (config.codec.empty() || config.codec == "jpeg")
        return refuse("codec", '"' + config.codec + '"', "auto, or a video encoder such as libx264");
    if (!within(config.fps, 0.001, 1000)) return refuse("fps", config.fps, "0.001 to 1000");
    if (!within(config.crf, 0, 51)) return refuse("crf", config.crf, "0 to 51");
    if (config.bitrate < 0) return refuse("bitrate", config.bitrate, "0 or more");
    if (!within(config.keyframe_s, 0.1, 60)) return refuse("keyframe_s", config.keyframe_s, "0.1 to 60");
    if (!within(config.queue_size, 1, 10000)) return refuse("queue_size", config.queue_size, "1 to 10000");
    return {};
}

class VideoRecorder::Impl {
 public:
    explicit Impl(VideoRecordingConfig config) : config_(std::move(config)) {}

    const VideoRecordingConfig& config() const { return config_; }
    Result<VideoRecordingHandle> start(const std::string& session_id, const std::optional<VideoTrackConfig>& source);
    Status tap(const VideoRecordingHandle& handle, const VideoFrame& frame, std::shared_ptr<const void> owner);
    Result<VideoRecordingResult> stop(const VideoRecordingHandle& handle);
    std::vector<VideoRecordingResult> close();
    Result<VideoRecordingResult> record(const std::string& session_id, const VideoTrackConfig& source,
                                        double duration_s, std::stop_token stop);

    SessionEventCallback on_event;
    ProgressCallback on_progress;

 private:
    struct Running {
        VideoRecordingHandle handle;
        std::shared_ptr<VideoSession> session;  // shared with the threads that tap
    };
    std::shared_ptr<VideoSession> find(const VideoRecordingHandle& handle) const;

    const VideoRecordingConfig config_;
    mutable Mutex mutex_;
    std::uint64_t last_number_ ONETAKE_GUARDED_BY(mutex_) = 0;
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::vector<Running> running_ ONETAKE_GUARDED_BY(mutex_);
};

Result<VideoRecordingHandle> VideoRecorder::Impl::start(const std::string& session_id,
                                                        const std::optional<VideoTrackConfig>& source) {
    if (in_callback) return fail(ErrorCode::wrong_state, "start() in a callback: it would wait for it to return.");
    if (session_id.empty()) return fail(ErrorCode::invalid_argument, "session_id is empty; it names the file.");
    VideoRecordingHandle handle{session_id, 0};
    {
        MutexLock lock(mutex_);
        if (closed_) return fail(ErrorCode::wrong_state, "start() after close().");
        handle.number = ++last_number_;
    }
    EventCallback events;
    if (on_event) events = [callback = on_event, handle](const RecorderEvent& event) { callback(handle, event); };
    auto session = VideoSession::start(config_, session_id, source, std::move(events));
    if (!session) return fail(std::move(session).error());
    const std::shared_ptr<VideoSession> shared = std::move(*session);
    MutexLock lock(mutex_);
    if (closed_) return fail(ErrorCode::wrong_state, "close() was called while a recording was started.");
    running_.push_back({handle, shared});
    return handle;
}

std::shared_ptr<VideoSession> VideoRecorder::Impl::find(const VideoRecordingHandle& handle) const {
    MutexLock lock(mutex_);
    for (const auto& running : running_)
        if (running.handle.number == handle.number) return running.session;
    return nullptr;
}

Status VideoRecorder::Impl::tap(const VideoRecordingHandle& handle, const VideoFrame& frame,
                                std::shared_ptr<const void> owner) {
    const auto session = find(handle);
    if (!session)
        return fail(ErrorCode::not_found, fmt::format("There is no recording {} of \"{}\": it was stopped, or never "
                                                      "started.",
                                                      handle.number, handle.session_id));
    return session->tap(frame, std::move(owner));
}

Result<VideoRecordingResult> VideoRecorder::Impl::stop(const VideoRecordingHandle& handle) {
    if (in_callback) return fail(ErrorCode::wrong_state, "stop() in a callback: it would wait for it to return.");
    std::shared_ptr<VideoSession> session;
    {
        MutexLock lock(mutex_);
        const auto at = std::ranges::find(running_, handle.number, [](const Running& r) { return r.handle.number; });
        if (at == running_.end()) return VideoRecordingResult{};
        session = std::move(at->session);
        running_.erase(at);
    }
    return session->stop();
}

std::vector<VideoRecordingResult> VideoRecorder::Impl::close() {
    if (in_callback) {
        log().error("close() in a callback does nothing: it would wait for it to return.");
        return {};
    }
    std::vector<Running> running;
    {
        MutexLock lock(mutex_);
        closed_ = true;
        running.swap(running_);
    }
    std::vector<VideoRecordingResult> results;
    for (const auto& [handle, session] : running) {
        auto stopped = session->stop();
        VideoRecordingResult failed;
        failed.session_id = handle.session_id;
        if (!stopped) failed.failures.push_back(stopped.error().message);
        results.push_back(stopped ? std::move(*stopped) : std::move(failed));
    }
    return results;
}

Result<VideoRecordingResult> VideoRecorder::Impl::record(const std::string& session_id, const VideoTrackConfig& source,
                                                         double duration_s, std::stop_token stop_requested) {
    constexpr double kLongest = 1e9;  // seconds; longer ones, also infinity, last until they are stopped
    if (!(duration_s > 0))
        return fail(ErrorCode::invalid_argument, fmt::format("duration is {} s; it must be above 0.", duration_s));
    const auto wake = WakeEvent::create();
    if (!wake) return fail(wake.error());
    const auto handle = start(session_id, source);
    if (!handle) return fail(handle.error());
    const auto session = find(*handle);
    if (!session) return stop(*handle);  // close() was quicker
    {
        std::optional<Ticker> ticker;
        if (on_progress) ticker.emplace([&] { on_progress(session->progress()); });
        if (ticker) ticker->start();
        const std::stop_callback on_stop(std::move(stop_requested), [&] { wake->wake(); });
        wake->wait_until(host_now() + duration_from_seconds(std::min(duration_s, kLongest)), session->ended_early_fd());
    }
    return stop(*handle);
}

VideoRecorder::VideoRecorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoRecorder::~VideoRecorder() {
    (void)close();
}

Result<std::unique_ptr<VideoRecorder>> VideoRecorder::create(VideoRecordingConfig config) {
    ONETAKE_TRY(validate(config));
    return std::unique_ptr<VideoRecorder>(new VideoRecorder(std::make_unique<Impl>(std::move(config))));
}

Result<VideoRecordingHandle> VideoRecorder::start(const std::string& session_id) {
    return impl_->start(session_id, std::nullopt);
}
Result<VideoRecordingHandle> VideoRecorder::start(const std::string& session_id, const VideoTrackConfig& source) {
    return impl_->start(session_id, source);
}
Status VideoRecorder::tap_frame(const VideoRecordingHandle& handle, const VideoFrame& frame,
                                std::shared_ptr<const void> owner) {
    return impl_->tap(handle, frame, std::move(owner));
}
Result<VideoRecordingResult> VideoRecorder::stop(const VideoRecordingHandle& handle) {
    return impl_->stop(handle);
}
std::vector<VideoRecordingResult> VideoRecorder::close() {
    return impl_->close();
}
Result<VideoRecordingResult> VideoRecorder::record(const std::string& session_id, const VideoTrackConfig& source,
                                                   double duration_s, std::stop_token stop) {
    return impl_->record(session_id, source, duration_s, std::move(stop));
}
void VideoRecorder::on_event(SessionEventCallback callback) {
    impl_->on_event = guarded(std::move(callback), [](const char* what) {
        log().error("on_event threw an exception, which is ignored: {}", what);
    });
}
void VideoRecorder::on_progress(ProgressCallback callback) {
    impl_->on_progress = guarded(std::move(callback), [](const char* what) {
        log().error("on_progress threw an exception, which is ignored: {}", what);
    });
}
const VideoRecordingConfig& VideoRecorder::config() const {
    return impl_->config();
}

}  // namespace onetake
