#include "base/mutex.h"

#include <onetake/room.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace onetake {

MediaRecorder::~MediaRecorder() = default;

std::string_view to_string(RoomMedia media) {
    switch (media) {
        case RoomMedia::audio:
            return "audio";
        case RoomMedia::video:
            return "video";
        case RoomMedia::screen_share:
            return "screen_share";
    }
    return "unknown";
}

std::string to_json(const MediaRecordingResult& r) {
    using nlohmann::ordered_json;
    const auto text = [](const std::string& s) { return s.empty() ? ordered_json(nullptr) : ordered_json(s); };
    const auto known = [](double v) { return std::isfinite(v) ? ordered_json(v) : ordered_json(nullptr); };
    const auto intervals = [&](const std::vector<RecordedInterval>& list) {
        auto array = ordered_json::array();
        for (const auto& i : list) array.push_back({known(i.from_s), known(i.to_s)});
        return array;
    };
    auto tracks = ordered_json::array();
    for (const auto& t : r.tracks)
        tracks.push_back({{"participant", t.participant},
                          {"media", to_string(t.media)},
                          {"delivered", t.delivered},
                          {"written", t.written},
                          {"dropped", t.dropped},
                          {"refused", t.refused},
                          {"lost", t.lost},
                          {"intervals", intervals(t.intervals)},
                          {"gaps", intervals(t.gaps)},
                          {"errors", t.errors}});
    const ordered_json object{{"path", text(r.path)},       {"take", text(r.take)},
                              {"size_bytes", r.size_bytes}, {"duration_s", known(r.duration_s)},
                              {"codec", text(r.codec)},     {"tracks", std::move(tracks)},
                              {"notes", r.notes},           {"failures", r.failures}};
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

class MockMediaRecorder::Impl {
 public:
    Mutex mutex;
    std::uint64_t last_number ONETAKE_GUARDED_BY(mutex) = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> running ONETAKE_GUARDED_BY(mutex);  // number, bytes
    std::vector<RecordingTrack> tracks ONETAKE_GUARDED_BY(mutex), removed ONETAKE_GUARDED_BY(mutex);
    std::vector<Chunk> chunks ONETAKE_GUARDED_BY(mutex);
    std::vector<MediaRecordingResult> results ONETAKE_GUARDED_BY(mutex);
};

MockMediaRecorder::MockMediaRecorder() : impl_(std::make_unique<Impl>()) {}
MockMediaRecorder::~MockMediaRecorder() = default;

Result<MediaRecordingHandle> MockMediaRecorder::on_recording_start(const MediaRecordingConfig&) {
    MutexLock lock(impl_->mutex);
    impl_->running.emplace_back(++impl_->last_number, 0);
    return MediaRecordingHandle{impl_->last_number};
}

Result<MediaRecordingResult> MockMediaRecorder::on_recording_stop(const MediaRecordingHandle& handle) {
    MutexLock lock(impl_->mutex);
    MediaRecordingResult result;
    for (const auto& [number, bytes] : impl_->running)
        if (number == handle.number) result.size_bytes = bytes;
    impl_->results.push_back(result);
    return result;
}

Status MockMediaRecorder::on_track_added(const MediaRecordingHandle&, const RecordingTrack& track) {
    MutexLock lock(impl_->mutex);
    impl_->tracks.push_back(track);
    return {};
}

Status MockMediaRecorder::on_track_removed(const MediaRecordingHandle&, const RecordingTrack& track) {
    MutexLock lock(impl_->mutex);
    impl_->removed.push_back(track);
    return {};
}

Status MockMediaRecorder::on_data(const MediaRecordingHandle& handle, const RecordingTrack& track,
                                  const MediaData& data, double timestamp_ms) {
    MutexLock lock(impl_->mutex);
    impl_->chunks.push_back({track, {data.bytes.begin(), data.bytes.end()}, timestamp_ms});
    for (auto& [number, bytes] : impl_->running)
        if (number == handle.number) bytes += data.bytes.size();
    return {};
}

std::vector<RecordingTrack> MockMediaRecorder::tracks() const {
    MutexLock lock(impl_->mutex);
    return impl_->tracks;
}
std::vector<RecordingTrack> MockMediaRecorder::removed_tracks() const {
    MutexLock lock(impl_->mutex);
    return impl_->removed;
}
std::vector<MockMediaRecorder::Chunk> MockMediaRecorder::chunks() const {
    MutexLock lock(impl_->mutex);
    return impl_->chunks;
}
std::vector<MediaRecordingResult> MockMediaRecorder::results() const {
    MutexLock lock(impl_->mutex);
    return impl_->results;
}

}  // namespace onetake
