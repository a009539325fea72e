#include "take/take_origin.h"

#include <algorithm>

namespace onetake {

namespace {

constexpr std::int64_t kAudioSeconds = 1;                          // of audio that may place a track's first sample
constexpr Duration kSilentTrackTimeout = std::chrono::seconds(3);  // for a track that delivers nothing

}  // namespace

void OriginSearch::add(const TrackRecord& track) {
    if (track.track.kind == TrackKind::video)
        videos_.try_emplace(track.track.number);
    else if (track.track.kind == TrackKind::data)
        data_.try_emplace(track.track.number);
    else
        audios_.try_emplace(track.track.number, Audio{track.audio.sample_rate, 0, {}});
}

void OriginSearch::add(const TrackEndRecord& end) {
    const int number = end.track.number;
    if (end.track.kind == TrackKind::video) {
        if (const auto at = videos_.find(number); at != videos_.end() && !at->second) videos_.erase(at);
    } else if (end.track.kind == TrackKind::data) {
        if (const auto at = data_.find(number); at != data_.end() && !at->second) data_.erase(at);
    } else if (const auto at = audios_.find(number); at != audios_.end()) {
        at->second.ended = true;
    }
}

void OriginSearch::add(const FrameRecord& frame) {
    auto& first = videos_[frame.track.number];
    if (!first) first = frame.stamp.time;
    see(frame.stamp.time);
}

void OriginSearch::add(const BlockRecord& block) {
    const auto it = audios_.find(block.track.number);
    if (it == audios_.end()) return;
    auto& audio = it->second;
    // Only what surely belongs to the run of audio that began with sample 0 may say when that was.
    if (audio.samples < kAudioSeconds * audio.rate && !(block.xrun && audio.samples > 0)) {
        const auto begin = block.time - from_ticks(block.first_sample, audio.rate);
        audio.begin = std::min(audio.begin.value_or(begin), begin);
    }
    audio.samples += block.samples;
    see(block.time);
}

void OriginSearch::add(const DataRecord& packet) {
    auto& first = data_[packet.track.number];
    if (!first) first = packet.time;
    see(packet.time);
}

void OriginSearch::see(HostTime time) {
    earliest_ = std::min(earliest_.value_or(time), time);
    latest_ = std::max(latest_.value_or(time), time);
}

bool OriginSearch::is_settled() const {
    if (fixed_) return true;
    if (!earliest_) return false;
    if (*latest_ - *earliest_ > kSilentTrackTimeout) return true;
    const auto has_begun = [](const auto& entry) { return entry.second.has_value(); };
    if (videos_.empty() && audios_.empty()) return std::ranges::all_of(data_, has_begun);
    return std::ranges::all_of(videos_, has_begun) && std::ranges::all_of(audios_, [](const auto& entry) {
               return entry.second.ended || entry.second.samples >= kAudioSeconds * entry.second.rate;
           });
}

std::optional<HostTime> OriginSearch::origin() const {
    if (fixed_) return fixed_;
    std::optional<HostTime> origin;
    const auto consider = [&](const std::optional<HostTime>& t) {
        if (t) origin = std::min(origin.value_or(*t), *t);
    };
    for (const auto& [number, first] : videos_) consider(first);
    for (const auto& [number, audio] : audios_) consider(audio.begin);
    for (const auto& [number, first] : data_) consider(first);
    return origin;
}

std::optional<HostTime> take_origin(std::span<const JournalRecord> records) {
    OriginSearch search;
    bool begun = false;
    for (const auto& record : records) {
        if (const auto* track = std::get_if<TrackRecord>(&record)) {
            search.add(*track);
            continue;
        }
        if (const auto* chunks = std::get_if<ChunksRecord>(&record)) search.add(*chunks);
        if (const auto* frame = std::get_if<FrameRecord>(&record))
            search.add(*frame);
        else if (const auto* block = std::get_if<BlockRecord>(&record))
            search.add(*block);
        else if (const auto* packet = std::get_if<DataRecord>(&record))
            search.add(*packet);
        else if (const auto* ended = std::get_if<TrackEndRecord>(&record))
            search.add(*ended);
        else
            continue;
        begun = begun || !std::holds_alternative<TrackEndRecord>(record);
        if (search.is_settled()) break;
    }
    return begun ? search.origin() : std::nullopt;
}

}  // namespace onetake
