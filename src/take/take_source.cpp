#include "take/take_source.h"

#include <algorithm>
#include <utility>

namespace onetake {

namespace {

using std::chrono::seconds;
constexpr std::int64_t kOriginSeconds = 1;        // of sound that may put a track's first sample earlier
constexpr Duration kOriginPatience = seconds(3);  // for a track that delivers nothing
constexpr std::size_t kMostHeld = 1'000'000;

Duration samples_to_duration(std::int64_t samples, int rate) {
    return from_ticks(samples, rate);
}

AudioClockOptions clock_options(const AudioDescription& audio) {
    AudioClockOptions options;
    options.stamps = audio.stamps;
    return options;
}

}  // namespace

TakeSource::Sound::Sound(const AudioDescription& audio)
    : rate(audio.sample_rate), clock(audio.sample_rate, clock_options(audio)) {}

Result<TakeSource> TakeSource::open(const std::string& take_folder, Follow follow) {
    auto reader = JournalReader::open(take_folder);
    if (!reader) return fail(std::move(reader).error());
    return play_from(std::move(*reader), follow);
}

Result<TakeSource> TakeSource::play_from(JournalReader reader, Follow follow) {
    TakeSource source(std::move(reader), follow);
    // The tracks stand in front of the first media.
    while (!source.ended_ && source.held_.empty() && !source.origin_) {
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
        if (track->track.kind == TrackKind::audio) sounds_.emplace(track->track.number, track->audio);
        tracks_.push_back(std::move(*track));
    } else if (const auto* offset = std::get_if<OffsetRecord>(&**record)) {
        // The first video track is what sound is laid against.
        if (offset->video.number == 1)
            (offset->source == "configured" ? configured_ : calibrated_)[offset->audio.number] = offset->offset;
    } else if (const auto* clock = std::get_if<ClockRecord>(&**record)) {
        if (!clock_) clock_ = clock->reading;
    } else if (std::holds_alternative<FrameRecord>(**record) || std::holds_alternative<BlockRecord>(**record)) {
        if (origin_)
            play(**record);
        else
            hold(std::move(**record));
    } else if (std::holds_alternative<EndRecord>(**record)) {
        end();
    }
    return {};
}

void TakeSource::hold(JournalRecord record) {
    HostTime time;
    if (const auto* f = std::get_if<FrameRecord>(&record)) {
        time = f->stamp.time;
        first_frames_.emplace(f->track.number, time);
    } else {
        const auto& block = std::get<BlockRecord>(record);
        const auto it = sounds_.find(block.track.number);
        if (it == sounds_.end()) return;
        auto& sound = it->second;
        time = block.time;
        if (!sound.first) sound.first = time;
        // Only what surely belongs to the run of sound that began with sample 0 may say when that was.
        if (sound.samples < kOriginSeconds * sound.rate && !(block.xrun && sound.samples > 0)) {
            const auto begin = time - samples_to_duration(block.first_sample, sound.rate);
            if (!sound.begin || begin < *sound.begin) sound.begin = begin;
        }
        sound.samples += block.samples;
    }
    earliest_ = std::min(earliest_.value_or(time), time);
    latest_ = std::max(latest_.value_or(time), time);
    held_.push_back(std::move(record));
    if (origin_is_known(false)) set_origin();
}

bool TakeSource::origin_is_known(bool at_end) const {
    if (at_end || held_.size() >= kMostHeld || *latest_ - *earliest_ > kOriginPatience) return true;
    return std::ranges::all_of(tracks_, [&](const TrackRecord& t) {
        if (t.track.kind == TrackKind::video) return first_frames_.contains(t.track.number);
        const auto& sound = sounds_.at(t.track.number);
        return sound.samples >= kOriginSeconds * sound.rate;
    });
}

void TakeSource::set_origin() {
    std::optional<HostTime> origin;
    const auto consider = [&](HostTime t) { origin = std::min(origin.value_or(t), t); };
    for (const auto& [number, time] : first_frames_) consider(time);
    for (const auto& [number, sound] : sounds_)
        if (sound.begin) consider(*sound.begin);
    origin_ = origin.value_or(take().start);
    for (const auto& record : std::exchange(held_, {})) play(record);
}

void TakeSource::play(const JournalRecord& record) {
    if (const auto* f = std::get_if<FrameRecord>(&record)) {
        events_.push_back(StoredFrame{f->track, f->number, f->stamp.time, f->bytes});
        return;
    }
    const auto& block = std::get<BlockRecord>(record);
    const auto it = sounds_.find(block.track.number);
    if (it == sounds_.end()) return;
    spans_.clear();
    it->second.clock.add({.first_sample = block.first_sample,
                          .frames = block.samples,
                          .time = block.time,
                          .xrun = block.xrun,
                          .late_only = block.source == StampSource::arrival},
                         spans_);
    for (const auto& span : spans_) events_.push_back(StoredSound{block.track, span});
}

void TakeSource::end() {
    ended_ = true;
    if (!origin_) set_origin();
    for (auto& [number, sound] : sounds_) {
        spans_.clear();
        sound.clock.finish(spans_);
        for (const auto& span : spans_) events_.push_back(StoredSound{{TrackKind::audio, number}, span});
    }
}

Duration TakeSource::sound_move(TrackId audio, Duration configured) const {
    const auto of = [&](const std::map<int, Duration>& offsets) {
        const auto it = offsets.find(audio.number);
        return it == offsets.end() ? Duration{} : it->second;
    };
    return (configured != Duration{} ? configured : -of(configured_)) - of(calibrated_);
}

WallTime TakeSource::wall_time(HostTime t) const {
    std::int64_t ns = 0;  // a journal's stamps may be anything
    if (!clock_ || __builtin_add_overflow(to_ns(clock_->wall), (t - clock_->host).count(), &ns)) return {};
    return WallTime(Duration(ns));
}

Result<TakeTotals> count_take(const std::string& take_folder) {
    auto reader = JournalReader::open(take_folder);
    if (!reader) return fail(std::move(reader).error());
    TakeTotals totals;
    std::optional<HostTime> first, last;
    std::map<int, AudioDescription> sounds;
    const auto cover = [&](HostTime begin, HostTime end) {
        first = std::min(first.value_or(begin), begin);
        last = std::max(last.value_or(end), end);
    };
    for (;;) {
        auto record = reader->next();
        if (!record) return fail(std::move(record).error());
        if (!*record) break;
        if (const auto* t = std::get_if<TrackRecord>(&**record)) {
            if (t->track.kind == TrackKind::audio) sounds[t->track.number] = t->audio;
        } else if (const auto* f = std::get_if<FrameRecord>(&**record)) {
            ++totals.frames;
            totals.media_bytes += f->bytes;
            cover(f->stamp.time, f->stamp.time);
        } else if (const auto* a = std::get_if<BlockRecord>(&**record)) {
            const auto it = sounds.find(a->track.number);
            if (it == sounds.end()) continue;
            ++totals.blocks;
            totals.samples += static_cast<std::uint64_t>(a->samples);
            totals.media_bytes += static_cast<std::uint64_t>(a->samples * it->second.channels) * 2;
            cover(a->time, a->time + samples_to_duration(a->samples, it->second.sample_rate));
        } else if (const auto* e = std::get_if<EndRecord>(&**record)) {
            totals.end = *e;
        }
    }
    if (first) totals.length = *last - *first;
    return totals;
}

}  // namespace onetake
