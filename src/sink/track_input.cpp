#include "sink/track_input.h"

#include "media/jpeg_info.h"
#include "sink/take_sink.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr Duration kPeakHolds = std::chrono::seconds(1);  // after the next block was due
constexpr int kAudioSeconds = 30;                         // of sound that may wait for a slow disk

int audio_slots(const AudioDescription& d) {
    const auto block = std::max(d.blocksize, 64);
    return std::clamp(kAudioSeconds * d.sample_rate / block, 64, 100'000);
}

}  // namespace

VideoTrackInput::VideoTrackInput(TakeSink& sink, TrackId id, int index, const VideoDescription& description,
                                 bool transcode)
    : sink_(sink),
      id_(id),
      index_(index),
      description_(description),
      transcode_(transcode),
      buffers_(BufferPool::create(16)),
      in_flight_(sink.options_.queue_size) {}

Delivery VideoTrackInput::offer(Frame frame) {
    ++expected_;
    if (sink_.ended_early()) {
        disk_.add(1);
        return Delivery::ended_early;
    }
    const bool ready = frame.format == PixelFormat::jpeg && !transcode_;
    if (ready) {
        if (auto info = inspect_jpeg(frame.bytes.span()); !info) {
            corrupt_.add(1);
            sink_.post(
                JournalRecord(EventRecord{id_, "note", frame.stamp.arrival, "Corrupt frame: " + info.error().message}));
            return Delivery::refused;
        }
    }
    const bool taken = sink_.options_.on_full == OnFull::block ? in_flight_.take() : in_flight_.try_take();
    if (!taken) {
        queue_.add(1);
        return Delivery::dropped;
    }
    std::lock_guard lock(mutex_);
    if (closed_) {
        in_flight_.give_back();
        queue_.add(1);
        return Delivery::dropped;
    }
    const auto number = next_number_++;
    if (ready)
        sink_.post(EncodedFrame{index_, number, frame.stamp, std::move(frame.bytes), {}});
    else
        sink_.pool_.submit({index_, number, std::move(frame)});
    return Delivery::taken;
}

void VideoTrackInput::close() {
    in_flight_.close();
    std::lock_guard lock(mutex_);
    closed_ = true;
}

void VideoTrackInput::report(SourceEvent event) {
    sink_.take_event(*this, std::move(event));
}

AudioTrackInput::AudioTrackInput(TakeSink& sink, TrackId id, const AudioDescription& description)
    : sink_(sink), id_(id), description_(description), in_flight_(audio_slots(description)) {}

Delivery AudioTrackInput::offer(AudioBlock block) {
    const auto frames = static_cast<std::uint64_t>(block.frames());
    if (frames == 0) return Delivery::refused;
    int peak = 0;
    for (const auto s : block.samples) peak = std::max(peak, std::abs(static_cast<int>(s)));
    peak_ = static_cast<float>(peak) / 32768.0f;
    peak_holds_until_ = block.arrival + from_ticks(block.frames(), description_.sample_rate) + kPeakHolds;
    expected_ += frames;
    if (sink_.ended_early()) {
        disk_.add(frames);
        return Delivery::ended_early;
    }
    std::lock_guard lock(mutex_);
    if (closed_ || !in_flight_.try_take()) {
        queue_.add(frames);
        lost_before_ = true;
        return Delivery::dropped;
    }
    if (lost_before_.exchange(false)) block.xrun = true;
    sink_.post(TakeSink::StoredBlock{this, std::move(block)});
    return Delivery::taken;
}

void AudioTrackInput::close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
}

void AudioTrackInput::report(SourceEvent event) {
    sink_.take_event(*this, std::move(event));
}

}  // namespace onetake
