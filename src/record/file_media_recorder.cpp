#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "container/muxer.h"
#include "record/callback_guard.h"
#include "record/room_session.h"

#include <onetake/room.h>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace onetake {

Status validate(const FileRecordingConfig& config) {
    const auto refuse = [](std::string_view field, const auto& value, std::string_view allowed) -> Status {
        return fail(ErrorCode::invalid_argument, fmt::format("{} is {}; allowed: {}.", field, value, allowed));
    };
    const auto within = [](double v, double low, double high) { return v >= low && v <= high; };
    const auto even_side = [](int side) { return side >= 16 && side <= 8192 && side % 2 == 0; };
    if (config.storage.empty()) return refuse("storage", "empty", "a folder; \".\" is the current one");
    if (config.format != ContainerFormat::mp4 && config.format != ContainerFormat::mkv)
        return refuse("format", "another container", "mp4|mkv");
    if (config.video_codec.empty() || config.video_codec == "jpeg")
        return refuse("video_codec", '"' + config.video_codec + '"', "auto, or a video encoder such as libx264");
    if (!within(config.video_fps, 0.1, 240)) return refuse("video_fps", config.video_fps, "0.1 to 240");
    if (config.audio_codec.empty()) return refuse("audio_codec", "empty", "an audio encoder such as aac");
    if (!within(config.audio_sample_rate, 8000, 192'000))
        return refuse("audio_sample_rate", config.audio_sample_rate, "8000 to 192000");
    if (config.audio_channels != 1 && config.audio_channels != 2)
        return refuse("audio_channels", config.audio_channels, "1 or 2");
    if (!within(config.audio_bitrate, 8000, 1'000'000))
        return refuse("audio_bitrate", config.audio_bitrate, "8000 to 1000000");
    if (!even_side(config.width)) return refuse("width", config.width, "an even number, 16 to 8192");
    if (!even_side(config.height)) return refuse("height", config.height, "an even number, 16 to 8192");
    if (!within(config.crf, 0, 51)) return refuse("crf", config.crf, "0 to 51");
    if (config.bitrate < 0) return refuse("bitrate", config.bitrate, "0 or more");
    if (!within(config.keyframe_s, 0.1, 60)) return refuse("keyframe_s", config.keyframe_s, "0.1 to 60");
    if (!within(config.start_timeout_s, 0, 60)) return refuse("start_timeout_s", config.start_timeout_s, "0 to 60");
    return {};
}

class FileMediaRecorder::Impl {
 public:
    explicit Impl(FileRecordingConfig c) : config(std::move(c)) {}

    Result<MediaRecordingHandle> start(const MediaRecordingConfig& room) {
        auto session = RoomSession::start(config, room, on_event, on_progress);
        if (!session) return fail(std::move(session).error());
        MutexLock lock(mutex_);
        const MediaRecordingHandle handle{++last_number_};
        running_.emplace_back(handle.number, std::move(*session));
        return handle;
    }
    Result<MediaRecordingResult> stop(const MediaRecordingHandle& handle) {
        std::shared_ptr<RoomSession> session;
        if (in_callback)
            return fail(ErrorCode::wrong_state, "on_recording_stop() in a callback, for which it would wait.");
        {
            MutexLock lock(mutex_);
            const auto at = std::ranges::find(running_, handle.number, &Running::first);
            if (at == running_.end()) return MediaRecordingResult{};
            session = std::move(at->second);
            running_.erase(at);
        }
        return session->stop();
    }
    template <class Call>
    Status with(const MediaRecordingHandle& handle, Call&& call) {
        std::shared_ptr<RoomSession> session;
        {
            MutexLock lock(mutex_);
            const auto at = std::ranges::find(running_, handle.number, &Running::first);
            if (at != running_.end()) session = at->second;
        }
        if (session) return call(*session);
        return fail(ErrorCode::not_found,
                    fmt::format("There is no recording {}: it was stopped, or never started.", handle.number));
    }

    const FileRecordingConfig config;
    EventCallback on_event;
    ProgressCallback on_progress;

 private:
    using Running = std::pair<std::uint64_t, std::shared_ptr<RoomSession>>;
    Mutex mutex_;
    std::uint64_t last_number_ ONETAKE_GUARDED_BY(mutex_) = 0;
    std::vector<Running> running_ ONETAKE_GUARDED_BY(mutex_);
};

FileMediaRecorder::FileMediaRecorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileMediaRecorder::~FileMediaRecorder() = default;

Result<std::unique_ptr<FileMediaRecorder>> FileMediaRecorder::create(FileRecordingConfig config) {
    ONETAKE_TRY(validate(config));
    for (const auto& codec : {config.video_codec, config.audio_codec}) ONETAKE_TRY(check_holds(config.format, codec));
    return std::unique_ptr<FileMediaRecorder>(new FileMediaRecorder(std::make_unique<Impl>(std::move(config))));
}

Result<MediaRecordingHandle> FileMediaRecorder::on_recording_start(const MediaRecordingConfig& config) {
    return impl_->start(config);
}
Result<MediaRecordingResult> FileMediaRecorder::on_recording_stop(const MediaRecordingHandle& handle) {
    return impl_->stop(handle);
}
Status FileMediaRecorder::on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) {
    return impl_->with(handle, [&](RoomSession& session) { return session.add(track); });
}
Status FileMediaRecorder::on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) {
    return impl_->with(handle, [&](RoomSession& session) { return session.remove(track); });
}
Status FileMediaRecorder::on_data(const MediaRecordingHandle& handle, const RecordingTrack& track,
                                  const MediaData& data, double timestamp_ms) {
    return impl_->with(handle, [&](RoomSession& session) { return session.data(track, data, timestamp_ms); });
}
double FileMediaRecorder::stop_timeout_s() const {
    return std::numeric_limits<double>::infinity();
}
void FileMediaRecorder::on_event(EventCallback callback) {
    impl_->on_event = guarded(std::move(callback), [](const char* what) {
        log().error("on_event threw an exception, which is ignored: {}", what);
    });
}
void FileMediaRecorder::on_progress(ProgressCallback callback) {
    impl_->on_progress = guarded(std::move(callback), [](const char* what) {
        log().error("on_progress threw an exception, which is ignored: {}", what);
    });
}
const FileRecordingConfig& FileMediaRecorder::config() const {
    return impl_->config;
}

}  // namespace onetake
