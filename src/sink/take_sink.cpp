#include "sink/take_sink.h"

#include "base/clock.h"
#include "base/plural.h"
#include "media/timestamp_validator.h"

#include <onetake/markers.h>

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <span>
#include <utility>

namespace onetake {

namespace {

using std::chrono::seconds;
constexpr auto kTick = std::chrono::milliseconds(200);
constexpr auto kRefreshEvery = seconds(1);
constexpr auto kClockEvery = seconds(60);
constexpr int kMostFailures = 10;  // of one track in a row, before a disk counts as unusable

}  // namespace

TakeSink::TakeSink(TakeSinkOptions options, TakeWriter writer)
    : options_(std::move(options)),
      writer_(std::move(writer)),
      start_(host_now()),
      events_(options_.on_event),
      pool_(options_.jpeg, options_.workers, [this](EncodedFrame frame) { queue_.post(std::move(frame)); }) {}

Result<std::unique_ptr<TakeSink>> TakeSink::create(const TakeSinkOptions& options) {
    auto writer = TakeWriter::create(options.writer, read_clocks());
    if (!writer) return fail(std::move(writer).error());
    return std::unique_ptr<TakeSink>(new TakeSink(options, std::move(*writer)));
}

TakeSink::~TakeSink() {
    drain();
}

Result<VideoTrackInput*> TakeSink::add_video(const VideoDescription& description, const VideoTrackOptions& track) {
    const auto store = track.encode ? TrackStore::encoded : TrackStore::jpeg;
    const auto id = make_track([&](TakeWriter& writer) { return writer.add_video_track(description, store); });
    if (!id) return fail(id.error());
    for (const auto& text : description.notes) note(text);
    const int index = id->number - 1;
    VideoInputOptions options{*id, index, track.transcode, options_.queue_size, options_.on_full};
    std::unique_ptr<TrackEncoder> encoder;
    FrameEncoder* compressor = &pool_;
    if (track.encode) {
        auto started = start_encoder(*id, description, track);
        if (!started) return fail(std::move(started).error());
        encoder = std::move(*started);
        compressor = encoder.get();
        options.transcode = true;
        options.queue_size = encoder->most_in_flight();
    } else if (!std::exchange(pool_started_, true)) {
        ONETAKE_TRY(pool_.start());
    }
    return &videos_
                .put(static_cast<std::size_t>(index),
                     std::unique_ptr<VideoTrack>(new VideoTrack{std::move(encoder),
                                                                VideoTrackInput(options, queue_, *compressor, events_),
                                                                TrackStatistics::of_video(*id, description)}))
                .input;
}

Result<std::unique_ptr<TrackEncoder>> TakeSink::start_encoder(TrackId id, const VideoDescription& description,
                                                              const VideoTrackOptions& track) {
    TrackEncoderOptions options;
    options.id = id;
    options.index = id.number - 1;
    options.video = *track.encode;
    options.video.fps = description.fps;
    options.width = description.width;
    options.height = description.height;
    options.color = description.color;
    options.queue_size = options_.queue_size;
    options.done = [this](EncodedFrame frame) { queue_.post(std::move(frame)); };
    options.report = [this, id](EventKind kind, std::string text) {
        events_.note(text, kind, id);
        queue_.post(JournalRecord(EventRecord{id, "note", host_now(), std::move(text)}));
    };
    options.chunks = track.chunks;
    options.on_encoder_error = track.on_encoder_error;
    options.open = track.open_encoder ? track.open_encoder : options_.open_encoder;
    return TrackEncoder::start(std::move(options));
}

Result<AudioTrackInput*> TakeSink::add_audio(const AudioDescription& description, bool may_wait) {
    const auto id = make_track([&](TakeWriter& writer) { return writer.add_audio_track(description); });
    if (!id) return fail(id.error());
    for (const auto& text : description.notes) note(text);
    const int index = id->number - 1;
    return &audios_
                .put(static_cast<std::size_t>(index),
                     std::unique_ptr<AudioTrack>(
                         new AudioTrack{AudioTrackInput(*id, index, description, queue_, events_, may_wait),
                                        TrackStatistics::of_audio(*id, description)}))
                .input;
}

Result<DataTrackInput*> TakeSink::add_data(const DataDescription& description) {
    const auto id = make_track([&](TakeWriter& writer) { return writer.add_data_track(description); });
    if (!id) return fail(id.error());
    for (const auto& text : description.notes) note(text);
    const int index = id->number - 1;
    return &data_
                .put(static_cast<std::size_t>(index),
                     std::unique_ptr<DataTrack>(
                         new DataTrack{DataTrackInput(*id, index, queue_), TrackStatistics::of_data(*id)}))
                .input;
}

// The writing thread owns the take's files once it runs.
Result<TrackId> TakeSink::make_track(std::function<Result<TrackId>(TakeWriter&)> make) {
    if (!started_) return make(writer_);
    if (!options_.writer.late_tracks)
        return fail(ErrorCode::internal, fmt::format("{} was not created for late tracks.", writer_.folder()));
    NewTrack track{std::move(make), {}};
    auto made = track.made.get_future();
    if (!queue_.post(std::move(track)))
        return fail(ErrorCode::wrong_state, "The take is being stopped; no track can be added.");
    return made.get();
}

void TakeSink::end_track(TrackId id) {
    const auto index = static_cast<std::size_t>(id.number - 1);
    if (id.kind == TrackKind::video)
        videos_.at(index).input.end_track();
    else if (id.kind == TrackKind::audio)
        audios_.at(index).input.end_track();
    else
        data_.at(index).input.end_track();
}

Status TakeSink::add_offset(const OffsetRecord& offset) {
    return writer_.write_record(offset);
}

Status TakeSink::mark(std::string_view text, HostTime time) {
    const auto now = host_now();
    const auto refuse = [](std::string why) { return fail(ErrorCode::refused, std::move(why)); };
    if (text.empty() || text.size() > kLongestMarker)
        return refuse(
            fmt::format("A marker of {} bytes can't be stored; 1 to {} is possible.", text.size(), kLongestMarker));
    if (time - now > TimestampValidator::kFar || now - time > TimestampValidator::kFar)
        return refuse("The marker's time is more than 24 h away from now. Times are those of CLOCK_MONOTONIC.");
    MarkRecord mark{time, now, std::string(text)};
    for (auto& c : mark.text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    MutexLock lock(mutex_);
    if (marks_closed_) return refuse("The take is being stopped; the marker is not stored.");
    while (!marked_.empty() && now - marked_.front() >= seconds(1)) marked_.pop_front();
    if (marked_.size() >= kMarkersPerSecond)
        return refuse(fmt::format("More than {} markers in a second; this one is not stored.", kMarkersPerSecond));
    marked_.push_back(now);
    queue_.post(JournalRecord(std::move(mark)));
    return {};
}

Status TakeSink::start() {
    ONETAKE_TRY(writer_.sync_all());
    start_ = host_now();
    started_ = true;
    writing_ = std::thread([this] { write_loop(); });
    syncing_ = std::thread([this] { sync_loop(); });
    return {};
}

void TakeSink::write_loop() {
    auto refreshed = host_now(), clocked = refreshed;
    while (!queue_.drained()) {
        if (auto item = queue_.pop_for(kTick)) std::visit([&](auto& it) { write(std::move(it)); }, *item);
        const auto now = host_now();
        if (now - refreshed >= kRefreshEvery) {
            refreshed = now;
            if (ended_early()) continue;
            write_drops();
            watch_disk(now);
            if (auto status = writer_.refresh(); !status) {
                const auto code = status.error().code;
                write_failed(status.error(), code == ErrorCode::not_found ? kMostFailures : 0);
            }
        }
        if (now - clocked >= kClockEvery && !ended_early()) {
            clocked = now;
            write(JournalRecord(ClockRecord{read_clocks()}));
        }
    }
    if (ended_early()) {
        writer_.begin_closing();
        EventRecord event{std::nullopt, "note", ended_at_, {}};
        {
            MutexLock lock(mutex_);
            event.text = why_ended_;
        }
        write(JournalRecord(std::move(event)));
    }
    write_drops();
    write(JournalRecord(ClockRecord{read_clocks()}));
}

void TakeSink::sync_loop() {
    MutexLock lock(mutex_);
    for (;;) {
        const auto next = deadline_in(kRefreshEvery);
        while (!end_sync_ && wake_sync_.wait_until(lock, next)) {
        }
        if (end_sync_) return;
        lock.unlock();
        if (const auto synced = writer_.sync_all(); !synced)
            note(fmt::format("{} `onetake check` lists what is missing.", synced.error().message));
        lock.lock();
    }
}

void TakeSink::write(EncodedFrame encoded) {
    auto& track = videos_.at(static_cast<std::size_t>(encoded.track));
    const auto number = encoded.number;
    track.order.add(number, std::move(encoded), [&](const EncodedFrame& frame) {
        if (frame.ends_track) return write(JournalRecord(TrackEndRecord{track.input.id(), host_now()}));
        store(track, frame);
        track.input.release();
    });
}

void TakeSink::store(VideoTrack& track, const EncodedFrame& frame) {
    auto& counters = track.input.counters();
    if (!frame.failure.empty()) {
        counters.lose(LossCause::corrupt, 1, frame.stamp.time);
        if (!std::exchange(track.corrupt_noted, true))
            note(fmt::format("{}: a frame could not be encoded: {}", to_string(track.input.id()), frame.failure));
    } else if (ended_early()) {
        counters.lose(LossCause::disk, 1, frame.stamp.time);
    } else if (track.needs_key && !frame.key) {
        counters.lose(LossCause::disk, 1, frame.stamp.time);
    } else if (auto status = write_frame(track, frame); !status) {
        counters.lose(LossCause::disk, 1, frame.stamp.time);
        if (track.encoder) {
            track.needs_key = true;
            track.encoder->request_key();
        }
        write_failed(status.error(), ++track.failures);
    } else {
        track.needs_key = false;
        track.failures = 0;
        counters.add_written(1);
        video_bytes_ += frame.bytes.size();
        track.statistics.bytes += frame.bytes.size();
        track.statistics.add_latency(host_now() - frame.stamp.time);
        track.statistics.add_frame(frame.stamp.time, frame.stamp.source);
    }
}

Status TakeSink::write_frame(VideoTrack& track, const EncodedFrame& frame) {
    const auto id = track.input.id();
    if (!frame.part) return writer_.write_frame(id, frame.bytes.span(), frame.stamp);
    if (frame.part != track.part) {
        ONETAKE_TRY(writer_.begin_part(*frame.part));
        track.part = frame.part;
    }
    return writer_.write_packet(id, frame.bytes.span(), frame.key, frame.stamp);
}

void TakeSink::write(const TrackBlock& stored) {
    auto& track = audios_.at(static_cast<std::size_t>(stored.track));
    auto& counters = track.input.counters();
    const auto& block = stored.block;
    const auto frames = static_cast<std::uint64_t>(block.frames());
    const auto first_sample = static_cast<std::int64_t>(counters.written());
    if (ended_early()) {
        counters.lose(LossCause::disk, frames, block.time);
    } else if (auto status = writer_.write_block(track.input.id(), block); !status) {
        counters.lose(LossCause::disk, frames, block.time);
        track.input.mark_loss();
        write_failed(status.error(), ++track.failures);
    } else {
        track.failures = 0;
        counters.add_written(frames);
        track.statistics.add_block({first_sample, block.frames(), block.time, block.xrun}, block.source);
    }
    track.input.release();
}

void TakeSink::write(const TrackPacket& stored) {
    auto& track = data_.at(static_cast<std::size_t>(stored.track));
    auto& counters = track.input.counters();
    const auto& packet = stored.packet;
    if (ended_early()) {
        counters.lose(LossCause::disk, 1, packet.time);
    } else if (auto status = writer_.write_data(track.input.id(), packet); !status) {
        counters.lose(LossCause::disk, 1, packet.time);
        write_failed(status.error(), ++track.failures);
    } else {
        track.failures = 0;
        counters.add_written(1);
        data_bytes_ += packet.bytes.size();
        track.statistics.add_packet(packet.time, packet.source);
    }
    track.input.release(packet.bytes.size());
}

void TakeSink::write(const JournalRecord& record) {
    if (const auto* ended = std::get_if<TrackEndRecord>(&record)) {
        const auto index = static_cast<std::size_t>(ended->track.number - 1);
        if (ended_early()) return;
        (ended->track.kind == TrackKind::video   ? videos_.at(index).statistics
         : ended->track.kind == TrackKind::audio ? audios_.at(index).statistics
                                                 : data_.at(index).statistics)
            .end();
    }
    if (auto status = writer_.write_record(record); !status) write_failed(status.error(), 0);
}

void TakeSink::write(NewTrack track) {
    if (ended_early())
        return track.made.set_value(
            fail(ErrorCode::no_space, "The disk is full or can't be written; no track can be added."));
    track.made.set_value(track.make(writer_));
}

void TakeSink::write_drops() {
    const auto write_track = [&](auto& track) {
        auto& input = track.input;
        for (const auto& known : std::span(kLossCauses).first(kRecordedLossCauses)) {
            const auto now = host_now();
            std::uint64_t count = 0;
            for (const auto& run : input.counters().take_unwritten(known.cause)) {
                count += run.count;
                track.statistics.add_loss(run.count, run.from, run.to);
                write(JournalRecord(DropRecord{input.id(), known.cause, run.count, now, {}, {}, run.from, run.to}));
            }
            if (count > 0)
                events_.report(EventKind::loss, now, input.id(),
                               fmt::format("{} {}", counted(count, unit_of(input.id().kind)), known.text), count);
        }
    };
    for (auto* track : videos_.all()) write_track(*track);
    for (auto* track : audios_.all()) write_track(*track);
    for (auto* track : data_.all()) write_track(*track);
}

void TakeSink::write_failed(const Error& error, int in_row) {
    note(fmt::format("Writing failed: {}", error.message));
    if (error.code == ErrorCode::no_space || in_row >= kMostFailures) end_early(error.message);
}

void TakeSink::end_early(const std::string& why) {
    if (ended_early()) return;
    {
        MutexLock lock(mutex_);
        why_ended_ = why;
    }
    ended_at_ = host_now();
    queue_.end_take();
    events_.report(EventKind::ended_early, ended_at_, {}, fmt::format("The take ends early: {}", why));
    if (options_.on_ended_early) options_.on_ended_early();
}

void TakeSink::watch_disk(HostTime now) {
    const auto room = writer_.room_left();
    if (!room) return;
    const auto so_far = counts();
    auto warning =
        disk_watch_.update(now, so_far.video_bytes + so_far.audio_bytes + so_far.data_bytes, so_far.jpegs, *room);
    if (!warning) return;
    events_.report(EventKind::disk_warning, now, {}, *warning);
    write(JournalRecord(EventRecord{std::nullopt, "note", now, std::move(*warning)}));
}

void TakeSink::limit_waiting(Duration timeout) {
    for (auto* track : videos_.all()) track->input.limit_waiting(timeout);
    for (auto* track : audios_.all()) track->input.limit_waiting(timeout);
}

void TakeSink::drain() {
    if (std::exchange(drained_, true)) return;
    for (auto* track : videos_.all()) track->input.close();
    pool_.finish();
    for (auto* track : videos_.all())
        if (track->encoder) track->encoder->finish();
    for (auto* track : audios_.all()) track->input.close();
    for (auto* track : data_.all()) track->input.close();
    {
        MutexLock lock(mutex_);
        marks_closed_ = true;
    }
    queue_.close();
    if (writing_.joinable()) writing_.join();
    {
        MutexLock lock(mutex_);
        end_sync_ = true;
    }
    wake_sync_.notify_all();
    if (syncing_.joinable()) syncing_.join();
}

std::vector<std::optional<StreamParams>> TakeSink::streams() const {
    std::vector<std::optional<StreamParams>> streams;
    for (auto* track : videos_.all())
        streams.push_back(track->encoder ? track->encoder->stream() : std::optional<StreamParams>());
    return streams;
}

std::vector<std::string> TakeSink::encoders() const {
    std::vector<std::string> encoders;
    for (auto* track : videos_.all()) encoders.push_back(track->encoder ? track->encoder->codec() : std::string());
    return encoders;
}

TakeCounts TakeSink::counts() const {
    TakeCounts c;
    for (auto* t : videos_.all()) {
        c.frames += t->input.counters().written();
        if (!t->encoder) c.jpegs += t->input.counters().written();
        c.lost += t->input.counters().lost();
    }
    c.video_bytes = video_bytes_;
    c.data_bytes = data_bytes_;
    for (auto* t : data_.all()) {
        c.packets += t->input.counters().written();
        c.lost += t->input.counters().lost();
    }
    for (auto* t : audios_.all())
        c.audio_bytes += t->input.counters().written() * static_cast<std::uint64_t>(t->input.bytes_per_sample());
    return c;
}

std::optional<double> TakeSink::audio_peak(HostTime now) const {
    const auto* first = audios_.first();
    return first == nullptr ? std::nullopt : first->input.peak(now);
}

Metrics TakeSink::metrics() const {
    Metrics m;
    const auto* first = videos_.first();
    if (first != nullptr) m.encoder = "turbojpeg";
    m.encode_ms_mean = pool_.encode_ms_mean();
    m.retrieve_ms_mean = pool_.decode_ms_mean();
    if (first != nullptr && first->encoder) {
        const auto& encoder = *first->encoder;
        m.encoder = encoder.codec();
        m.encode_ms_mean = encoder.encode_ms_mean();
        m.loss_bound_s = encoder.loss_bound_s();
    }
    const auto add = [&](const auto& track) {
        auto statistics = track.statistics;
        track.input.counters().store_in(statistics.counters);
        statistics.add_to(m);
    };
    for (auto* track : videos_.all()) {
        add(*track);
        m.queue_max = std::max(m.queue_max, track->input.deepest_queue());
    }
    for (auto* track : audios_.all()) add(*track);
    for (auto* track : data_.all()) add(*track);
    finish_rates(m);
    m.notes = events_.notes();
    MutexLock lock(mutex_);
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
