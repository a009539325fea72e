#pragma once

#include "base/time.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

namespace onetake {

/// Where the chunks of a recording begin (docs/chunks.md): a whole number of milliseconds after its origin each. Chunks
/// are numbered from 1. The origin is set once, before media are passed on. Thread-safe.
class ChunkGrid {
 public:
    /// `length` of a chunk: above 0.
    explicit ChunkGrid(std::chrono::milliseconds length) : length_(std::max(length, std::chrono::milliseconds(1))) {}
    ChunkGrid(HostTime origin, std::chrono::milliseconds length) : ChunkGrid(length) { begin(origin); }

    void begin(HostTime origin) { origin_ns_ = to_ns(origin); }
    bool has_begun() const { return origin_ns_ != kUnset; }
    HostTime origin() const { return host_time_from_ns(origin_ns_); }
    std::chrono::milliseconds length() const { return length_; }

    /// The chunk that media of this time belong to: by the time's nearest millisecond. Times before the origin belong
    /// to the first.
    std::int64_t chunk_at(MediaTime t) const {
        return std::max<std::int64_t>(to_ticks(t.time_since_epoch(), 1000), 0) / length_.count() + 1;
    }
    std::int64_t chunk_at(HostTime t) const { return chunk_at(media_time(t, origin())); }
    /// The place of a chunk: its time 0, from the origin.
    std::chrono::milliseconds place_of(std::int64_t chunk) const { return length_ * (chunk - 1); }

 private:
    static constexpr std::int64_t kUnset = std::numeric_limits<std::int64_t>::min();

    const std::chrono::milliseconds length_;
    std::atomic<std::int64_t> origin_ns_{kUnset};
};

}  // namespace onetake
