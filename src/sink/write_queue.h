#pragma once

#include "base/bounded_queue.h"
#include "media/audio_block.h"
#include "media/data_packet.h"
#include "sink/frame_encoder.h"
#include "take/journal.h"
#include "take/take_writer.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

namespace onetake {

/// A block of audio with its track: the index of the audio track, from 0.
struct TrackBlock {
    int track = 0;
    AudioBlock block;
};

/// A data packet with its track: the index of the data track, from 0.
struct TrackPacket {
    int track = 0;
    DataPacket packet;
};

/// A track to be made while the take is recorded: `make` runs on the writing thread.
struct NewTrack {
    std::function<Result<TrackId>(TakeWriter&)> make;
    std::promise<Result<TrackId>> made;
};

using WriteItem = std::variant<EncodedFrame, TrackBlock, TrackPacket, JournalRecord, NewTrack>;

/// The queue of the thread that writes a take. Not bounded itself; the tracks' InFlightLimits bound it. Thread-safe.
class WriteQueue {
 public:
    /// Never blocks. False once the queue is closed.
    bool post(WriteItem item) { return items_.push(std::move(item)); }
    std::optional<WriteItem> pop_for(std::chrono::milliseconds timeout) { return items_.pop_for(timeout); }
    bool drained() { return items_.drained(); }
    void close() { items_.close(); }

    /// Stops storing: the disk is full or can't be written. Later media count as lost.
    void end_take() { ended_ = true; }
    bool take_ended() const { return ended_; }

 private:
    BoundedQueue<WriteItem> items_{std::numeric_limits<std::size_t>::max()};
    std::atomic<bool> ended_{false};
};

}  // namespace onetake
