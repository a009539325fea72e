#include "sink/track_input.h"

#include "media/jpeg_info.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace onetake {

namespace {

constexpr Duration kPeakHolds = std::chrono::seconds(1);  // after the next block was due
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

// Counts a source's losses; its messages go to notes and journal.
void take_event(TrackId track, SourceEvent event, InputCounters& counters, WriteQueue& queue, TakeNotes& notes) {
    const bool corrupt = event.kind == SourceEvent::Kind::corrupt;
    counters.expect(event.count);
    counters.lose(corrupt ? LossCause::corrupt : LossCause::driver, event.count);
    if (corrupt || event.kind == SourceEvent::Kind::driver_drop) return;
    if (!event.text.empty()) notes.add(fmt::format("{}: {}", to_string(track), event.text));
    EventRecord record{track, event_name(event.kind), event.time, std::move(event.text)};
    if (event.kind == SourceEvent::Kind::note)
        queue.post(JournalRecord(std::move(record)));
    else
        queue.post(Outage{std::move(record)});
}

}  // namespace

VideoTrackInput::VideoTrackInput(const VideoInputOptions& options, WriteQueue& queue, JpegPool& pool, TakeNotes& notes)
    : options_(options),
      queue_(queue),
      pool_(pool),
      notes_(notes),
      buffers_(BufferPool::create(16)),
      in_flight_(options.queue_size) {}

Delivery VideoTrackInput::offer(Frame frame) {
    counters_.expect(1);
    if (queue_.take_ended()) {
        counters_.lose(LossCause::disk, 1);
        return Delivery::take_ended;
    }
    const bool ready = frame.format == PixelFormat::jpeg && !options_.transcode;
    if (ready) {
        if (auto info = inspect_jpeg(frame.bytes.span()); !info) {
            counters_.lose(LossCause::corrupt, 1);
            queue_.post(JournalRecord(
                EventRecord{options_.id, "note", frame.stamp.arrival, "Corrupt frame: " + info.error().message}));
            return Delivery::damaged;
        }
    }
    const bool taken = options_.on_full == OnFull::block ? in_flight_.take() : in_flight_.try_take();
    if (!taken) {
        counters_.lose(LossCause::queue, 1);
        return Delivery::dropped;
    }
    MutexLock lock(mutex_);
    if (closed_) {
        in_flight_.give_back();
        counters_.lose(LossCause::queue, 1);
        return Delivery::dropped;
    }
    const auto number = next_number_++;
    if (ready)
        queue_.post(EncodedFrame{options_.index, number, frame.stamp, std::move(frame.bytes), {}});
    else
        pool_.submit({options_.index, number, std::move(frame)});
    return Delivery::accepted;
}

void VideoTrackInput::close() {
    in_flight_.close();
    MutexLock lock(mutex_);
    closed_ = true;
}

void VideoTrackInput::report(SourceEvent event) {
    take_event(options_.id, std::move(event), counters_, queue_, notes_);
}

AudioTrackInput::AudioTrackInput(TrackId id, int index, const AudioDescription& description, WriteQueue& queue,
                                 TakeNotes& notes)
    : id_(id),
      index_(index),
      description_(description),
      queue_(queue),
      notes_(notes),
      in_flight_(audio_limit(description)) {}

Delivery AudioTrackInput::offer(AudioBlock block) {
    const auto frames = static_cast<std::uint64_t>(block.frames());
    if (frames == 0) return Delivery::damaged;
    int peak = 0;
    for (const auto s : block.samples) peak = std::max(peak, std::abs(static_cast<int>(s)));
    peak_ = static_cast<float>(peak) / 32768.0f;
    peak_holds_until_ = block.arrival + from_ticks(block.frames(), description_.sample_rate) + kPeakHolds;
    counters_.expect(frames);
    if (queue_.take_ended()) {
        counters_.lose(LossCause::disk, frames);
        return Delivery::take_ended;
    }
    MutexLock lock(mutex_);
    if (closed_ || !in_flight_.try_take()) {
        counters_.lose(LossCause::queue, frames);
        lost_before_ = true;
        return Delivery::dropped;
    }
    if (lost_before_.exchange(false)) block.xrun = true;
    queue_.post(TrackBlock{index_, std::move(block)});
    return Delivery::accepted;
}

void AudioTrackInput::close() {
    MutexLock lock(mutex_);
    closed_ = true;
}

void AudioTrackInput::report(SourceEvent event) {
    take_event(id_, std::move(event), counters_, queue_, notes_);
}

std::optional<double> AudioTrackInput::peak(HostTime now) const {
    if (now > peak_holds_until_.load()) return std::nullopt;
    return peak_;
}

}  // namespace onetake
