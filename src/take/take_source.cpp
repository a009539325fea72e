#include "take/take_source.h"

#include <algorithm>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kMaxPending = 1'000'000;
constexpr std::size_t kMaxMarkers = 100'000;  // in memory

}  // namespace

Result<TakeSource> TakeSource::open(const std::string& take_folder, Follow follow) {
    auto reader = JournalReader::open(take_folder);
    if (!reader) return fail(std::move(reader).error());
    return play_from(std::move(*reader), follow);
}

Result<TakeSource> TakeSource::play_from(JournalReader reader, Follow follow) {
    TakeSource source(std::move(reader), follow);
    // Track records precede the first media.
    while (!source.ended_ && source.pending_.empty() && !source.origin_) {
        const auto before = source.reader_.offset();
        ONETAKE_TRY(source.read_one());
        if (source.reader_.offset() == before) break;
    }
    return source;
}

Result<std::optional<TakeEvent>> TakeSource::next() {
    while (events_.empty() && !ended_) {
        const auto before = reader_.offset();
        ONETAKE_TRY(read_one());
        if (reader_.offset() == before && events_.empty() && !ended_) return std::nullopt;
    }
    if (events_.empty()) return std::nullopt;
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
}

Status TakeSource::read_one() {
    auto record = reader_.next();
    if (!record) return fail(std::move(record).error());
    if (!*record) {
        if (follow_ == Follow::no) end();
        return {};
    }
    if (auto* track = std::get_if<TrackRecord>(&**record)) {
        const bool known = std::ranges::any_of(tracks_, [&](const auto& t) { return t.track == track->track; });
        if (known) return {};
        if (track->track.kind == TrackKind::audio) audio_tracks_.emplace(track->track.number, track->audio);
        origin_search_.add(*track);
        tracks_.push_back(std::move(*track));
    } else if (auto* part = std::get_if<PartRecord>(&**record)) {
        const std::pair id{part->track.number, part->number};
        parts_.try_emplace(id, std::move(*part));
    } else if (const auto* offset = std::get_if<OffsetRecord>(&**record)) {
        // Audio offsets are relative to the first video track.
        if (offset->video.number == 1)
            (offset->source == "configured" ? configured_ : calibrated_)[offset->audio.number] = offset->offset;
    } else if (const auto* clock = std::get_if<ClockRecord>(&**record)) {
        if (!clock_) clock_ = clock->reading;
    } else if (std::holds_alternative<FrameRecord>(**record) || std::holds_alternative<BlockRecord>(**record) ||
               std::holds_alternative<DataRecord>(**record) || std::holds_alternative<TrackEndRecord>(**record)) {
        if (origin_)
            emit(**record);
        else
            add_pending(std::move(**record));
    } else if (auto* chunks = std::get_if<ChunksRecord>(&**record)) {
        if (chunks_ || origin_) return {};
        origin_search_.add(*chunks);
        chunks_ = std::move(*chunks);
    } else if (auto* mark = std::get_if<MarkRecord>(&**record)) {
        if (markers_.size() < kMaxMarkers) markers_.push_back(std::move(*mark));
    } else if (std::holds_alternative<EndRecord>(**record)) {
        end();
    }
    return {};
}

void TakeSource::add_pending(JournalRecord record) {
    if (const auto* f = std::get_if<FrameRecord>(&record)) {
        origin_search_.add(*f);
    } else if (const auto* d = std::get_if<DataRecord>(&record)) {
        origin_search_.add(*d);
    } else if (const auto* ended = std::get_if<TrackEndRecord>(&record)) {
        origin_search_.add(*ended);
    } else {
        const auto& block = std::get<BlockRecord>(record);
        if (!audio_tracks_.contains(block.track.number)) return;
        origin_search_.add(block);
    }
    pending_.push_back(std::move(record));
    if (pending_.size() >= kMaxPending || origin_search_.is_settled()) set_origin();
}

void TakeSource::set_origin() {
    origin_ = origin_search_.origin().value_or(take().start);
    for (const auto& record : std::exchange(pending_, {})) emit(record);
}

void TakeSource::emit(const JournalRecord& record) {
    if (const auto* f = std::get_if<FrameRecord>(&record)) {
        events_.push_back(StoredFrame{f->track, f->number, f->stamp.time, f->bytes, f->packet});
        return;
    }
    if (const auto* d = std::get_if<DataRecord>(&record)) {
        events_.push_back(StoredData{*d});
        return;
    }
    if (const auto* ended = std::get_if<TrackEndRecord>(&record)) return emit_end(*ended);
    const auto& block = std::get<BlockRecord>(record);
    const auto it = audio_tracks_.find(block.track.number);
    if (it == audio_tracks_.end()) return;
    auto& audio = it->second;
    if (audio.added == audio.settled) audio.settled_until = block.time;
    audio.added = std::max(audio.added, block.first_sample + block.samples);
    audio.read_until = block.time + from_ticks(block.samples, audio.description.sample_rate);
    spans_.clear();
    audio.clock->add(clock_stamp(block.first_sample, block.samples, block.time, block.xrun, block.source), spans_);
    emit_spans(block.track, audio);
}

// What comes after it may come from another device.
void TakeSource::emit_end(const TrackEndRecord& ended) {
    const auto it = audio_tracks_.find(ended.track.number);
    if (ended.track.kind == TrackKind::audio && it != audio_tracks_.end()) renew_clock(ended.track, it->second);
    events_.push_back(StoredTrackEnd{ended.track, ended.time});
}

void TakeSource::finish_clock(TrackId track, AudioState& audio) {
    spans_.clear();
    audio.clock->finish(spans_);
    emit_spans(track, audio);
    audio.settled = audio.added;
}

void TakeSource::renew_clock(TrackId track, AudioState& audio) {
    finish_clock(track, audio);
    audio.clock = std::make_unique<AudioClock>(track_clock(audio.description));
    audio.anew = true;
}

void TakeSource::emit_spans(TrackId track, AudioState& audio) {
    for (auto& span : spans_) {
        if (std::exchange(audio.anew, false)) span.after_gap = true;
        audio.settled = span.first_sample + span.frames;
        audio.settled_until = span.end;
        events_.push_back(StoredAudio{track, span});
    }
}

void TakeSource::settle_audio(TrackId track) {
    const auto it = audio_tracks_.find(track.number);
    if (it == audio_tracks_.end()) return;
    auto& audio = it->second;
    if (audio.added == audio.settled) return;
    renew_clock(track, audio);
}

std::optional<HostTime> TakeSource::unsettled_from(TrackId track) const {
    const auto it = audio_tracks_.find(track.number);
    if (it == audio_tracks_.end() || it->second.added == it->second.settled) return std::nullopt;
    return it->second.settled_until;
}

std::optional<HostTime> TakeSource::audio_read_until(TrackId track) const {
    const auto it = audio_tracks_.find(track.number);
    return it == audio_tracks_.end() ? std::nullopt : it->second.read_until;
}

std::optional<HostTime> TakeSource::unsettled_from() const {
    std::optional<HostTime> earliest;
    for (const auto& [number, audio] : audio_tracks_)
        if (const auto from = unsettled_from({TrackKind::audio, number}))
            earliest = std::min(earliest.value_or(*from), *from);
    return earliest;
}

void TakeSource::forget_parts_before(TrackId track, int number) {
    parts_.erase(parts_.lower_bound({track.number, 0}), parts_.lower_bound({track.number, number}));
}

void TakeSource::end() {
    ended_ = true;
    if (!origin_) set_origin();
    for (auto& [number, audio] : audio_tracks_) finish_clock({TrackKind::audio, number}, audio);
}

const PartRecord* TakeSource::part(TrackId track, int number) const {
    const auto it = parts_.find({track.number, number});
    return it == parts_.end() ? nullptr : &it->second;
}

Duration TakeSource::audio_shift(TrackId audio, Duration configured) const {
    const auto of = [&](const std::map<int, Duration>& offsets) {
        const auto it = offsets.find(audio.number);
        return it == offsets.end() ? Duration{} : it->second;
    };
    return (configured != Duration{} ? configured : -of(configured_)) - of(calibrated_);
}

WallTime TakeSource::wall_time(HostTime t) const {
    std::int64_t ns = 0;  // a journal's stamps are untrusted
    if (!clock_ || __builtin_add_overflow(to_ns(clock_->wall), (t - clock_->host).count(), &ns)) return {};
    return WallTime(Duration(ns));
}

Result<TakeTotals> count_take(const std::string& take_folder) {
    auto reader = JournalReader::open(take_folder);
    if (!reader) return fail(std::move(reader).error());
    TakeTotals totals;
    std::optional<HostTime> first, last;
    const auto with_id = [&](TrackId id) {
        const auto at = std::ranges::find(totals.tracks, id, [](const TakeTrack& t) { return t.record.track; });
        return at == totals.tracks.end() ? nullptr : &*at;
    };
    const auto has_media = [&](TrackId id) {
        auto* track = with_id(id);
        if (track != nullptr) track->has_media = true;
        return track;
    };
    const auto cover = [&](HostTime begin, HostTime end) {
        first = std::min(first.value_or(begin), begin);
        last = std::max(last.value_or(end), end);
    };
    for (;;) {
        auto record = reader->next();
        if (!record) return fail(std::move(record).error());
        if (!*record) break;
        if (auto* t = std::get_if<TrackRecord>(&**record)) {
            if (with_id(t->track) == nullptr) totals.tracks.push_back({std::move(*t)});
        } else if (auto* part = std::get_if<PartRecord>(&**record)) {
            if (auto* track = with_id(part->track); track != nullptr && !track->first_part) track->first_part = *part;
            totals.parts.push_back(std::move(*part));
        } else if (const auto* f = std::get_if<FrameRecord>(&**record)) {
            ++totals.frames;
            has_media(f->track);
            totals.media_bytes += f->bytes;
            cover(f->stamp.time, f->stamp.time);
        } else if (const auto* a = std::get_if<BlockRecord>(&**record)) {
            const auto* track = has_media(a->track);
            if (track == nullptr) continue;
            const auto& audio = track->record.audio;
            ++totals.blocks;
            totals.samples += static_cast<std::uint64_t>(a->samples);
            totals.media_bytes += static_cast<std::uint64_t>(a->samples * audio.channels) * 2;
            cover(a->time, a->time + from_ticks(a->samples, audio.sample_rate));
        } else if (const auto* d = std::get_if<DataRecord>(&**record)) {
            ++totals.packets;
            has_media(d->track);
            totals.media_bytes += d->bytes;
            cover(d->time, d->time);
        } else if (const auto* e = std::get_if<EndRecord>(&**record)) {
            totals.end = *e;
        }
    }
    if (first) totals.length = *last - *first;
    return totals;
}

}  // namespace onetake
