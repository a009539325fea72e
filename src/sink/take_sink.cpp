#include "sink/take_sink.h"

#include "base/clock.h"
#include "base/log.h"
#include "sink/track_input.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace onetake {

namespace {

using std::chrono::seconds;
constexpr auto kTick = std::chrono::milliseconds(200);
constexpr auto kRefreshEvery = seconds(1);
constexpr auto kClockEvery = seconds(60);
constexpr std::size_t kMostNotes = 100;
constexpr int kMostFailures = 10;  // of one track, one after the other, before a disk counts as unusable

// A stamp's distance to its predecessor that counts as a hole in a track of pictures.
Duration longest_interval(const VideoDescription& d) {
    const double frame = d.fps > 0 ? 1 / d.fps : 0.033;
    return duration_from_seconds(std::max(0.2, 3 * frame));
}

constexpr Duration kLongestAudioJump = std::chrono::milliseconds(50);

std::string_view event_name(SourceEvent::Kind kind) {
    switch (kind) {
        case SourceEvent::Kind::stall:
            return "stall";
        case SourceEvent::Kind::resumed:
            return "resumed";
        case SourceEvent::Kind::device_lost:
            return "device_lost";
        default:
            return "note";
    }
}

}  // namespace

TakeSink::TakeSink(TakeSinkOptions options, TakeWriter writer)
    : options_(std::move(options)),
      writer_(std::move(writer)),
      start_(host_now()),
      items_(std::numeric_limits<std::size_t>::max()),
      pool_(options_.jpeg, options_.workers, [this](EncodedFrame frame) { post(std::move(frame)); }) {}

Result<std::unique_ptr<TakeSink>> TakeSink::create(const TakeSinkOptions& options) {
    auto writer = TakeWriter::create(options.writer, read_clocks());
    if (!writer) return fail(std::move(writer).error());
    return std::unique_ptr<TakeSink>(new TakeSink(options, std::move(*writer)));
}

TakeSink::~TakeSink() {
    drain();
}

Result<VideoTrackInput*> TakeSink::add_video(const VideoDescription& description, bool transcode) {
    auto id = writer_.add_video_track(description);
    if (!id) return fail(std::move(id).error());
    for (const auto& text : description.notes) notes_.push_back(text);
    videos_.push_back(
        std::make_unique<VideoTrackInput>(*this, *id, static_cast<int>(videos_.size()), description, transcode));
    return videos_.back().get();
}

Result<AudioTrackInput*> TakeSink::add_audio(const AudioDescription& description) {
    auto id = writer_.add_audio_track(description);
    if (!id) return fail(std::move(id).error());
    for (const auto& text : description.notes) notes_.push_back(text);
    audios_.push_back(std::make_unique<AudioTrackInput>(*this, *id, description));
    return audios_.back().get();
}

Status TakeSink::add_offset(const OffsetRecord& offset) {
    return writer_.write_record(offset);
}

void TakeSink::note(std::string text) {
    std::lock_guard lock(mutex_);
    if (notes_.size() < kMostNotes && std::ranges::find(notes_, text) == notes_.end())
        notes_.push_back(std::move(text));
}

Status TakeSink::start() {
    ONETAKE_TRY(pool_.start());
    ONETAKE_TRY(writer_.sync_all());
    start_ = host_now();
    writing_ = std::thread([this] { write_loop(); });
    syncing_ = std::thread([this] { sync_loop(); });
    return {};
}

// The queue itself has no bound: what it holds is bounded by the tracks' slots.
void TakeSink::post(Item item) {
    items_.push(std::move(item));
}

template <class TrackInput>
void TakeSink::take_event(TrackInput& track, SourceEvent event) {
    const bool corrupt = event.kind == SourceEvent::Kind::corrupt;
    track.expected_ += event.count;
    (corrupt ? track.corrupt_ : track.driver_).add(event.count);
    if (corrupt || event.kind == SourceEvent::Kind::driver_drop) return;
    if (!event.text.empty()) note(fmt::format("{}: {}", to_string(track.id_), event.text));
    EventRecord record{track.id_, std::string(event_name(event.kind)), event.time, std::move(event.text)};
    if (event.kind == SourceEvent::Kind::note)
        post(JournalRecord(std::move(record)));
    else
        post(Outage{std::move(record)});
}
template void TakeSink::take_event(VideoTrackInput&, SourceEvent);
template void TakeSink::take_event(AudioTrackInput&, SourceEvent);

void TakeSink::write_loop() {
    auto refreshed = host_now(), clocked = refreshed;
    while (!items_.drained()) {
        if (auto item = items_.pop_for(kTick)) std::visit([&](auto& it) { write(std::move(it)); }, *item);
        const auto now = host_now();
        if (now - refreshed >= kRefreshEvery) {
            refreshed = now;
            if (ended_early_) continue;
            write_drops();
            watch_disk(now);
            if (auto status = writer_.refresh(); !status) {
                const auto code = status.error().code;
                write_failed(status.error(), code == ErrorCode::not_found ? kMostFailures : 0);
            }
        }
        if (now - clocked >= kClockEvery && !ended_early_) {
            clocked = now;
            write(JournalRecord(ClockRecord{read_clocks()}));
        }
    }
    if (ended_early_) {
        writer_.begin_closing();
        write(JournalRecord(EventRecord{std::nullopt, "note", ended_at_, why_ended_}));
    }
    write_drops();
    write(JournalRecord(ClockRecord{read_clocks()}));
}

void TakeSink::sync_loop() {
    std::unique_lock lock(mutex_);
    while (!wake_sync_.wait_for(lock, kRefreshEvery, [&] { return end_sync_; })) {
        lock.unlock();
        if (const auto synced = writer_.sync_all(); !synced)
            note(fmt::format("{} `onetake check` tells what is missing.", synced.error().message));
        lock.lock();
    }
}

void TakeSink::write(EncodedFrame encoded) {
    auto& track = *videos_[static_cast<std::size_t>(encoded.track)];
    const auto number = encoded.number;
    track.order_.add(number, std::move(encoded), [&](EncodedFrame frame) {
        if (!frame.failure.empty()) {
            track.corrupt_.add(1);
            if (!std::exchange(track.said_corrupt_, true))
                note(fmt::format("{}: a frame could not be encoded: {}", to_string(track.id_), frame.failure));
        } else if (ended_early_) {
            track.disk_.add(1);
        } else if (auto status = writer_.write_frame(track.id_, frame.jpeg.span(), frame.stamp); !status) {
            track.disk_.add(1);
            write_failed(status.error(), ++track.failures_);
        } else {
            track.failures_ = 0;
            ++track.written_;
            track.bytes_ += frame.jpeg.size();
            track.latency_.add(host_now() - frame.stamp.time);
            if (track.last_ && frame.stamp.time - *track.last_ > longest_interval(track.description_)) {
                ++track.gaps_;
                track.gap_time_ += frame.stamp.time - *track.last_;
            }
            if (!track.first_) track.first_ = frame.stamp.time;
            track.last_ = frame.stamp.time;
            if (track.source_ && *track.source_ != frame.stamp.source) track.mixed_sources_ = true;
            track.source_ = frame.stamp.source;
        }
        track.in_flight_.give_back();
    });
}

void TakeSink::write(StoredBlock stored) {
    auto& track = *stored.track;
    const auto& block = stored.block;
    const auto frames = block.frames();
    if (ended_early_) {
        track.disk_.add(static_cast<std::uint64_t>(frames));
    } else if (auto status = writer_.write_block(track.id_, block); !status) {
        track.disk_.add(static_cast<std::uint64_t>(frames));
        track.lost_before_ = true;
        write_failed(status.error(), ++track.failures_);
    } else {
        track.failures_ = 0;
        track.written_ += static_cast<std::uint64_t>(frames);
        const double rate = track.description_.sample_rate;
        if (!track.first_) track.first_ = block.time;
        if (track.block_end_) {
            const auto jump = block.time - *track.block_end_;
            if (jump > kLongestAudioJump) {
                ++track.gaps_;
                track.gap_time_ += jump;
                track.virtual_samples_ += std::llround(to_seconds(jump) * rate);
            }
        }
        track.clock_.add(static_cast<double>(track.virtual_samples_) / rate, to_seconds(block.time - *track.first_));
        track.virtual_samples_ += frames;
        track.block_end_ = block.time + duration_from_seconds(static_cast<double>(frames) / rate);
        track.xruns_ += block.xrun;
        if (track.source_ && *track.source_ != block.source) track.mixed_sources_ = true;
        track.source_ = block.source;
    }
    track.in_flight_.give_back();
}

void TakeSink::write(const JournalRecord& record) {
    if (auto status = writer_.write_record(record); !status) write_failed(status.error(), 0);
}

// Said here and not where it is reported: a terminal that is held (Ctrl-S) must not hold up a source.
void TakeSink::write(Outage outage) {
    log().warn("{}: {}", to_string(*outage.record.track), outage.record.text);
    write(JournalRecord(std::move(outage.record)));
}

void TakeSink::write_drops() {
    auto each = [&](auto& track) {
        const auto say = [&](LossCounter& losses, LossCause cause) {
            if (const auto count = losses.take_unwritten())
                write(JournalRecord(DropRecord{track.id_, cause, count, host_now(), {}}));
        };
        say(track.queue_, LossCause::queue);
        say(track.driver_, LossCause::driver);
        say(track.corrupt_, LossCause::corrupt);
        say(track.disk_, LossCause::disk);
    };
    for (auto& track : videos_) each(*track);
    for (auto& track : audios_) each(*track);
}

void TakeSink::write_failed(const Error& error, int in_row) {
    note(fmt::format("Writing failed: {}", error.message));
    if (error.code == ErrorCode::no_space || in_row >= kMostFailures) end_early(error.message);
}

void TakeSink::end_early(const std::string& why) {
    if (ended_early_) return;
    {
        std::lock_guard lock(mutex_);
        why_ended_ = why;
    }
    ended_at_ = host_now();
    ended_early_ = true;
    log().warn("The take ends early: {}", why);
    if (options_.on_ended_early) options_.on_ended_early();
}

void TakeSink::watch_disk(HostTime now) {
    const auto room = writer_.room_left();
    if (!room) return;
    const auto so_far = counts();
    auto warning = disk_watch_.update(now, so_far.video_bytes + so_far.audio_bytes, so_far.frames, *room);
    if (!warning) return;
    log().warn("{}", *warning);
    note(*warning);
    write(JournalRecord(EventRecord{std::nullopt, "note", now, std::move(*warning)}));
}

void TakeSink::drain() {
    if (std::exchange(drained_, true)) return;
    for (auto& track : videos_) track->close();
    pool_.finish();
    for (auto& track : audios_) track->close();
    items_.close();
    if (writing_.joinable()) writing_.join();
    {
        std::lock_guard lock(mutex_);
        end_sync_ = true;
    }
    wake_sync_.notify_all();
    if (syncing_.joinable()) syncing_.join();
}

TakeCounts TakeSink::counts() const {
    TakeCounts c;
    for (const auto& t : videos_) {
        c.frames += t->written_;
        c.lost += t->queue_.total() + t->driver_.total() + t->corrupt_.total() + t->disk_.total();
        c.video_bytes += t->bytes_;
    }
    for (const auto& t : audios_)
        c.audio_bytes += t->written_ * 2 * static_cast<std::uint64_t>(t->description_.channels);
    return c;
}

std::optional<double> TakeSink::audio_peak(HostTime now) const {
    if (audios_.empty() || now > audios_.front()->peak_holds_until_.load()) return std::nullopt;
    return audios_.front()->peak_;
}

Metrics TakeSink::metrics() const {
    Metrics m;
    m.encoder = "turbojpeg";
    m.encode_ms_mean = pool_.encode_ms_mean();
    m.retrieve_ms_mean = pool_.decode_ms_mean();
    auto books = [](const auto& t, const char* kind) {
        return TrackCounters{
            to_string(t.id_),   kind,           t.expected_, t.written_, t.queue_.total(), t.driver_.total(),
            t.corrupt_.total(), t.disk_.total()};
    };
    auto provenance = [](const auto& t) {
        if (!t.source_) return std::string();
        return std::string(to_string(*t.source_)) + (t.mixed_sources_ ? " (mixed)" : "");
    };
    std::uint64_t bytes = 0;
    for (const auto& t : videos_) {
        m.counters.push_back(books(*t, "video"));
        m.frames += t->written_;
        m.dropped += t->queue_.total();
        m.queue_max = std::max(m.queue_max, t->in_flight_.deepest());
        m.gaps += t->gaps_;
        m.gap_s += to_seconds(t->gap_time_);
        bytes += t->bytes_;
    }
    for (const auto& t : audios_) {
        m.counters.push_back(books(*t, "audio"));
        m.audio_xruns += t->xruns_;
        m.gaps += t->gaps_;
        m.gap_s += to_seconds(t->gap_time_);
    }
    if (!videos_.empty()) {
        const auto& v = *videos_.front();
        m.nominal_fps = v.description_.fps > 0 ? v.description_.fps : kNotApplicable;
        m.stamp_source = provenance(v);
        if (v.first_ && v.written_ > 1)
            m.effective_fps = static_cast<double>(v.written_ - 1) / to_seconds(*v.last_ - *v.first_);
        m.camera_fps_label_error_ppm = (m.effective_fps / m.nominal_fps - 1) * 1e6;
        if (v.latency_.count()) {
            m.write_latency_p95_ms = to_seconds(v.latency_.quantile(0.95)) * 1e3;
            m.write_latency_max_ms = to_seconds(v.latency_.max()) * 1e3;
        }
    }
    m.video_mb = static_cast<double>(bytes) / 1e6;
    m.audio_enabled = !audios_.empty();
    if (!audios_.empty()) {
        const auto& a = *audios_.front();
        m.audio_samples = a.written_;
        m.audio_stamp_source = provenance(a);
        constexpr std::int64_t kEnoughBlocks = 10;
        if (a.clock_.count() >= kEnoughBlocks) {
            m.audio_block_jitter_ms = a.clock_.residual_rms() * 1e3;
            m.soundcard_drift_ppm = (1 / a.clock_.slope() - 1) * 1e6;
        }
    }
    // Played at nominal rates, a fast card makes the sound longer than it was, a fast camera the picture.
    constexpr double kMsPerHourAndPpm = 3.6;
    m.projected_av_skew_ms_per_hour = kMsPerHourAndPpm * (m.soundcard_drift_ppm - m.camera_fps_label_error_ppm);
    std::lock_guard lock(mutex_);
    m.notes = notes_;
    m.ended_early = why_ended_;
    return m;
}

Status TakeSink::close(const Metrics& metrics) {
    EndRecord end;
    end.time = host_now();
    end.duration_s = metrics.duration_s;
    return writer_.finish(end, metrics);
}

}  // namespace onetake
