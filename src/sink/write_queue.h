#pragma once

#include "base/bounded_queue.h"
#include "base/mutex.h"
#include "media/audio_block.h"
#include "sink/jpeg_pool.h"
#include "take/journal.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace onetake {

/// A block of audio with its track: the index of the audio track, from 0.
struct TrackBlock {
    int track = 0;
    AudioBlock block;
};

/// A stall, a lost device, or the end of either: for the journal and the log.
struct Outage {
    EventRecord record;
};

using WriteItem = std::variant<EncodedFrame, TrackBlock, JournalRecord, Outage>;

/// The queue of the thread that writes a take. Not bounded itself; the tracks' InFlightLimits bound it. Thread-safe.
class WriteQueue {
 public:
    /// Never blocks.
    void post(WriteItem item) { items_.push(std::move(item)); }
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

/// Notes for a take's metrics, each once. Thread-safe.
class TakeNotes {
 public:
    void add(std::string text) {
        constexpr std::size_t kMostNotes = 100;
        MutexLock lock(mutex_);
        if (notes_.size() < kMostNotes && std::ranges::find(notes_, text) == notes_.end())
            notes_.push_back(std::move(text));
    }
    std::vector<std::string> all() const {
        MutexLock lock(mutex_);
        return notes_;
    }

 private:
    mutable Mutex mutex_;
    std::vector<std::string> notes_ ONETAKE_GUARDED_BY(mutex_);
};

}  // namespace onetake
