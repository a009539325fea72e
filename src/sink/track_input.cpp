#include "sink/track_input.h"

#include "base/clock.h"
#include "media/jpeg_info.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace onetake {

namespace {

constexpr Duration kPeakHolds = std::chrono::seconds(1);  // after the next block was due
constexpr int kDamagedRecorded = 10;                      // frames per track
constexpr int kAudioSeconds = 30;                         // of audio queued for a slow disk

int audio_limit(const AudioDescription& d) {
    const auto block = std::max(d.blocksize, 64);
    return std::clamp(kAudioSeconds * d.sample_rate / block, 64, 100'000);
}

std::string event_name(SourceEvent::Kind kind) {
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

EventKind kind_of(SourceEvent::Kind kind) {
    switch (kind) {
        case SourceEvent::Kind::stall:
            return EventKind::stall;
        case SourceEvent::Kind::resumed:
            return EventKind::resumed;
        case SourceEvent::Kind::device_lost:
            return EventKind::device_lost;
        default:
            return EventKind::note;
    }
}

// Counts a source's losses; its messages go to the event log and the journal.
void take_event(TrackId track, SourceEvent event, InputCounters& counters, WriteQueue& queue, EventLog& events) {
    const bool corrupt = event.kind == SourceEvent::Kind::corrupt;
    counters.expect(event.count);
    counters.lose(corrupt ? LossCause::corrupt : LossCause::driver, event.count, event.time);
    if (corrupt || event.kind == SourceEvent::Kind::driver_drop) return;
    if (event.kind == SourceEvent::Kind::note)
        events.note(event.text, EventKind::note, track);
    else
        events.report(kind_of(event.kind), event.time, track, event.text);
    queue.post(JournalRecord(EventRecord{track, event_name(event.kind), event.time, std::move(event.text)}));
}

}  // namespace

VideoTrackInput::VideoTrackInput(const VideoInputOptions& options, WriteQueue& queue, FrameEncoder& encoder,
                                 EventLog& events)
    : options_(options),
      queue_(queue),
      encoder_(encoder),
      events_(events),
      buffers_(BufferPool::create(16)),
      in_flight_(options.queue_size) {}

Delivery VideoTrackInput::deliver(Frame frame) {
    counters_.expect(1);
    if (queue_.take_ended()) {
        counters_.lose(LossCause::disk, 1, frame.stamp.time);
        return Delivery::take_ended;
    }
    const bool ready = frame.format == PixelFormat::jpeg && !options_.transcode;
    if (ready && !frame.checked) {
        if (auto info = inspect_jpeg(frame.bytes.span()); !info) {
            counters_.lose(LossCause::corrupt, 1, frame.stamp.time);
            // Every one is counted; a camera that delivers nothing else must not fill the journal.
            if (damaged_recorded_.fetch_add(1) < kDamagedRecorded)
                queue_.post(JournalRecord(
                    EventRecord{options_.id, "note", frame.stamp.arrival, "Corrupt frame: " + info.error().message}));
            return Delivery::damaged;
        }
    }
    const bool may_wait = options_.on_full == OnFull::block;
    if (!(may_wait ? in_flight_.take() : in_flight_.try_take())) {
        counters_.lose(LossCause::queue, 1, frame.stamp.time);
        return may_wait ? Delivery::closed : Delivery::dropped;
    }
    MutexLock lock(mutex_);
    if (closed_) {
        in_flight_.give_back();
        counters_.lose(LossCause::queue, 1, frame.stamp.time);
        return Delivery::closed;
    }
    const auto number = next_number_++;
    counters_.accept();
    if (ready)
        queue_.post(EncodedFrame{options_.index, number, frame.stamp, std::move(frame.bytes)});
    else
        encoder_.submit({options_.index, number, std::move(frame)});
    return Delivery::accepted;
}

void VideoTrackInput::end_track() {
    MutexLock lock(mutex_);
    if (!closed_) encoder_.end_track(options_.index, next_number_++);
}

void VideoTrackInput::close() {
    in_flight_.close();
    MutexLock lock(mutex_);
    closed_ = true;
}

void VideoTrackInput::report(SourceEvent event) {
    take_event(options_.id, std::move(event), counters_, queue_, events_);
}

AudioTrackInput::AudioTrackInput(TrackId id, int index, const AudioDescription& description, WriteQueue& queue,
                                 EventLog& events, bool may_wait)
    : id_(id),
      index_(index),
      description_(description),
      may_wait_(may_wait),
      queue_(queue),
      events_(events),
      in_flight_(audio_limit(description)) {}

Delivery AudioTrackInput::deliver(AudioBlock block) {
    const auto frames = static_cast<std::uint64_t>(block.frames());
    if (frames == 0) return Delivery::damaged;
    int peak = 0;
    for (const auto s : block.samples) peak = std::max(peak, std::abs(static_cast<int>(s)));
    peak_ = static_cast<float>(peak) / 32768.0f;
    peak_holds_until_ = block.arrival + from_ticks(block.frames(), description_.sample_rate) + kPeakHolds;
    counters_.expect(frames);
    if (queue_.take_ended()) {
        counters_.lose(LossCause::disk, frames, block.time);
        return Delivery::take_ended;
    }
    const bool taken = may_wait_ ? in_flight_.take() : in_flight_.try_take();
    MutexLock lock(mutex_);
    if (closed_ || !taken) {
        if (taken) in_flight_.give_back();
        counters_.lose(LossCause::queue, frames, block.time);
        lost_before_ = true;
        return closed_ ? Delivery::closed : Delivery::dropped;
    }
    if (lost_before_.exchange(false)) block.xrun = true;
    counters_.accept();
    queue_.post(TrackBlock{index_, std::move(block)});
    return Delivery::accepted;
}

void AudioTrackInput::end_track() {
    MutexLock lock(mutex_);
    if (!closed_) queue_.post(JournalRecord(TrackEndRecord{id_, host_now()}));
}

void AudioTrackInput::close() {
    if (may_wait_) in_flight_.close();
    MutexLock lock(mutex_);
    closed_ = true;
}

void AudioTrackInput::report(SourceEvent event) {
    take_event(id_, std::move(event), counters_, queue_, events_);
}

std::optional<double> AudioTrackInput::peak(HostTime now) const {
    if (now > peak_holds_until_.load()) return std::nullopt;
    return peak_;
}

Delivery DataTrackInput::deliver(DataPacket packet) {
    const auto bytes = packet.bytes.size();
    counters_.expect(1);
    if (bytes == 0 || bytes > kLargestData) {
        counters_.lose(LossCause::corrupt, 1, packet.time);
        return Delivery::damaged;
    }
    if (queue_.take_ended()) {
        counters_.lose(LossCause::disk, 1, packet.time);
        return Delivery::take_ended;
    }
    MutexLock lock(mutex_);
    if (closed_ || bytes_in_flight_ + bytes > kMostBytes || !in_flight_.try_take()) {
        counters_.lose(LossCause::queue, 1, packet.time);
        return closed_ ? Delivery::closed : Delivery::dropped;
    }
    bytes_in_flight_ += bytes;
    queue_.post(TrackPacket{index_, std::move(packet)});
    return Delivery::accepted;
}

void DataTrackInput::end_track() {
    MutexLock lock(mutex_);
    if (!closed_) queue_.post(JournalRecord(TrackEndRecord{id_, host_now()}));
}

void DataTrackInput::close() {
    MutexLock lock(mutex_);
    closed_ = true;
}

}  // namespace onetake
