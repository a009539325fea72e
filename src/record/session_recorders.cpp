// The layers below a room: a file for each of its sessions.
#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/mutex.h"
#include "record/take_names.h"
#include "take/take_files.h"
#include "take/wav.h"

#include <onetake/room.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace onetake {

namespace {

constexpr double kLongestGap_s = 0.03;
constexpr double kLongestSilence_s = 24 * 3600;  // a stamp further on is wrong
constexpr std::size_t kSilentPiece = 1 << 16;    // samples
constexpr Duration kRefreshEvery = std::chrono::seconds(1);

// One WAV while it is written.
struct AudioSession {
    RecordedTrack result;
    std::optional<WavWriter> wav;
    std::string path;
    int sample_rate = 0, channels = 1;
    double begin_ms = 0;
    HostTime refreshed;
};

struct AudioSessions {
    std::map<std::uint64_t, AudioSession> running;  // by track
    MediaRecordingResult result;
};

tl::unexpected<Error> no_recording(const MediaRecordingHandle& handle) {
    return fail(ErrorCode::not_found,
                fmt::format("There is no recording {}: it was stopped, or never started.", handle.number));
}

Status begin(AudioSession& session, const std::string& storage, const RecordingTrack& track, double timestamp_ms) {
    ONETAKE_TRY(make_folders(storage));
    auto names = TakeNames::of_session(track.participant, storage, "wav");
    if (!names) return fail(std::move(names).error());
    for (;;) {
        const auto name = std::string(output_name(names->current())) + ".wav";
        auto wav = WavWriter::create(AT_FDCWD, storage + "/" + name, track.sample_rate, track.channels);
        if (!wav && wav.error().code == ErrorCode::already_exists && names->advance()) continue;
        if (!wav) return fail(std::move(wav).error());
        session.wav.emplace(std::move(*wav));
        session.path = storage + "/" + name;
        break;
    }
    session.begin_ms = timestamp_ms;
    session.refreshed = host_now();
    return {};
}

Status write(AudioSession& session, const MediaData& data, double timestamp_ms) {
    const auto channels = static_cast<std::size_t>(session.channels);
    const double expected_ms =
        session.begin_ms + 1e3 * static_cast<double>(session.wav->frames()) / session.sample_rate;
    const double missing_s = (timestamp_ms - expected_ms) * 1e-3;
    if (missing_s > kLongestSilence_s)
        return fail(ErrorCode::refused, fmt::format("Its stamp is {:.0f} s after the audio before.", missing_s));
    if (missing_s > kLongestGap_s) {
        auto left = static_cast<std::size_t>(std::llround(missing_s * session.sample_rate)) * channels;
        const std::vector<std::int16_t> silence(std::min(left, kSilentPiece / channels * channels));
        while (left > 0) {
            const auto piece = std::min(left, silence.size());
            ONETAKE_TRY(session.wav->write(std::span(silence).first(piece)));
            left -= piece;
        }
        session.result.gaps.push_back(
            {(expected_ms - session.begin_ms) * 1e-3, (timestamp_ms - session.begin_ms) * 1e-3});
    }
    std::vector<std::int16_t> samples(data.bytes.size() / sizeof(std::int16_t));
    std::memcpy(samples.data(), data.bytes.data(), samples.size() * sizeof(std::int16_t));
    samples.resize(samples.size() / channels * channels);
    ONETAKE_TRY(session.wav->write(samples));
    session.result.written += samples.size() / channels;
    if (const auto now = host_now(); now - session.refreshed >= kRefreshEvery) {
        session.refreshed = now;
        return session.wav->refresh_header();
    }
    return {};
}

}  // namespace

class WavFileRecorder::Impl {
 public:
    explicit Impl(std::string storage) : storage_(std::move(storage)) {}

    MediaRecordingHandle start() {
        MutexLock lock(mutex_);
        recordings_[++last_number_];
        return {last_number_};
    }
    Status add(const MediaRecordingHandle& handle, const RecordingTrack& track) {
        MutexLock lock(mutex_);
        const auto it = recordings_.find(handle.number);
        if (it == recordings_.end()) return no_recording(handle);
        if (track.media != RoomMedia::audio) return {};
        auto& session = it->second.running[track.number];
        session.result.participant = track.participant;
        session.result.media = track.media;
        session.sample_rate = track.sample_rate;
        session.channels = track.channels;
        return {};
    }
    Status data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data, double t) {
        if (track.media != RoomMedia::audio) return {};
        MutexLock lock(mutex_);
        const auto it = recordings_.find(handle.number);
        if (it == recordings_.end()) return no_recording(handle);
        const auto found = it->second.running.find(track.number);
        if (found == it->second.running.end()) return no_recording(handle);
        auto& session = found->second;
        const auto samples = data.bytes.size() / sizeof(std::int16_t) / static_cast<std::size_t>(session.channels);
        session.result.delivered += samples;
        auto status = session.wav ? Status{} : begin(session, storage_, track, t);
        if (status) status = write(session, data, t);
        if (!status) session.result.lost += samples;
        return status;
    }
    Status remove(const MediaRecordingHandle& handle, const RecordingTrack& track) {
        MutexLock lock(mutex_);
        const auto it = recordings_.find(handle.number);
        if (it == recordings_.end()) return no_recording(handle);
        auto session = it->second.running.extract(track.number);
        return session.empty() ? Status{} : end(it->second.result, session.mapped());
    }
    Result<MediaRecordingResult> stop(const MediaRecordingHandle& handle) {
        MutexLock lock(mutex_);
        auto recording = recordings_.extract(handle.number);
        if (recording.empty()) return MediaRecordingResult{};
        auto& result = recording.mapped().result;
        for (auto& [number, session] : recording.mapped().running)
            if (auto ended = end(result, session); !ended) result.failures.push_back(ended.error().message);
        return std::move(result);
    }

 private:
    static Status end(MediaRecordingResult& result, AudioSession& session) {
        Status status;
        if (session.wav) {
            status = session.wav->refresh_header();
            if (status) status = session.wav->sync();
            const double length = static_cast<double>(session.wav->frames()) / session.sample_rate;
            session.result.intervals.push_back({0, length});
            result.duration_s = std::max(result.duration_s, length);
            result.size_bytes += static_cast<std::uint64_t>(session.wav->frames() * session.channels) * 2;
            if (result.path.empty()) result.path = session.path;
            result.notes.push_back(fmt::format("Wrote {}.", session.path));
        }
        result.tracks.push_back(std::move(session.result));
        return status;
    }

    const std::string storage_;
    Mutex mutex_;
    std::uint64_t last_number_ ONETAKE_GUARDED_BY(mutex_) = 0;
    std::map<std::uint64_t, AudioSessions> recordings_ ONETAKE_GUARDED_BY(mutex_);
};

WavFileRecorder::WavFileRecorder(std::string storage) : impl_(std::make_unique<Impl>(std::move(storage))) {}
WavFileRecorder::~WavFileRecorder() = default;
Result<MediaRecordingHandle> WavFileRecorder::on_recording_start(const MediaRecordingConfig&) {
    return impl_->start();
}
Result<MediaRecordingResult> WavFileRecorder::on_recording_stop(const MediaRecordingHandle& handle) {
    return impl_->stop(handle);
}
Status WavFileRecorder::on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) {
    return impl_->add(handle, track);
}
Status WavFileRecorder::on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) {
    return impl_->remove(handle, track);
}
Status WavFileRecorder::on_data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data,
                                double timestamp_ms) {
    return impl_->data(handle, track, data, timestamp_ms);
}

class VideoSessionRecorder::Impl {
 public:
    struct Session {
        std::uint64_t recording = 0, track = 0;
        VideoRecordingHandle handle;
    };

    Impl(std::shared_ptr<VideoRecorderInterface> r) : recorder(std::move(r)) {}

    std::optional<VideoRecordingHandle> take(std::uint64_t recording, std::optional<std::uint64_t> track, bool erase) {
        MutexLock lock(mutex);
        const auto at = std::ranges::find_if(
            sessions, [&](const Session& s) { return s.recording == recording && (!track || s.track == *track); });
        if (at == sessions.end()) return std::nullopt;
        auto handle = at->handle;
        if (erase) sessions.erase(at);
        return handle;
    }

    Status stop(std::uint64_t recording, const VideoRecordingHandle& handle) {
        auto stopped = recorder->stop(handle);
        if (!stopped) return fail(std::move(stopped).error());
        MutexLock lock(mutex);
        results.emplace_back(recording, std::move(*stopped));
        return {};
    }

    const std::shared_ptr<VideoRecorderInterface> recorder;
    Mutex mutex;
    std::uint64_t last_number ONETAKE_GUARDED_BY(mutex) = 0;
    std::vector<Session> sessions ONETAKE_GUARDED_BY(mutex);
    std::vector<std::pair<std::uint64_t, VideoRecordingResult>> results ONETAKE_GUARDED_BY(mutex);  // by recording
};

VideoSessionRecorder::VideoSessionRecorder(std::shared_ptr<VideoRecorderInterface> recorder)
    : impl_(std::make_unique<Impl>(std::move(recorder))) {}
VideoSessionRecorder::~VideoSessionRecorder() = default;

Result<MediaRecordingHandle> VideoSessionRecorder::on_recording_start(const MediaRecordingConfig&) {
    MutexLock lock(impl_->mutex);
    return MediaRecordingHandle{++impl_->last_number};
}

Status VideoSessionRecorder::on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) {
    if (track.media == RoomMedia::audio) return {};
    auto started = impl_->recorder->start(track.participant);
    if (!started) return fail(std::move(started).error());
    MutexLock lock(impl_->mutex);
    impl_->sessions.push_back({handle.number, track.number, std::move(*started)});
    return {};
}

Status VideoSessionRecorder::on_data(const MediaRecordingHandle& handle, const RecordingTrack& track,
                                     const MediaData& data, double timestamp_ms) {
    if (track.media == RoomMedia::audio) return {};
    const auto session = impl_->take(handle.number, track.number, false);
    if (!session) return no_recording(handle);
    const VideoFrame frame{track.format, track.width,         track.height, data.stride,
                           data.bytes,   timestamp_ms * 1e-3, data.range,   data.matrix};
    return impl_->recorder->tap_frame(*session, frame, data.owner);
}

Status VideoSessionRecorder::on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) {
    if (track.media == RoomMedia::audio) return {};
    const auto session = impl_->take(handle.number, track.number, true);
    return session ? impl_->stop(handle.number, *session) : no_recording(handle);
}

Result<MediaRecordingResult> VideoSessionRecorder::on_recording_stop(const MediaRecordingHandle& handle) {
    MediaRecordingResult result;
    while (const auto session = impl_->take(handle.number, std::nullopt, true))
        if (auto stopped = impl_->stop(handle.number, *session); !stopped)
            result.failures.push_back(stopped.error().message);
    MutexLock lock(impl_->mutex);
    for (const auto& [recording, video] : impl_->results) {
        if (recording != handle.number) continue;
        result.size_bytes += video.bytes;
        result.duration_s = std::max(result.duration_s, video.duration_s);
        if (result.path.empty()) result.path = video.path;
        if (!video.path.empty()) result.notes.push_back(fmt::format("Wrote {}.", video.path));
        for (const auto& failure : video.failures) result.failures.push_back(failure);
    }
    return result;
}

double VideoSessionRecorder::stop_timeout_s() const {
    return std::numeric_limits<double>::infinity();
}

std::vector<VideoRecordingResult> VideoSessionRecorder::results() const {
    MutexLock lock(impl_->mutex);
    std::vector<VideoRecordingResult> all;
    for (const auto& [recording, video] : impl_->results) all.push_back(video);
    return all;
}

}  // namespace onetake
