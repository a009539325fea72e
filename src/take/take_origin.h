#pragma once

#include "take/journal.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace onetake {

/// Finds the origin of a take, media time 0 of its rendered files (docs/clocks.md): the earliest of the tracks' first
/// frames, first samples and first data packets. Data are not awaited where there is another track. A track's first
/// sample may be placed earlier by any block of its first second. What comes out depends on the records and their order
/// alone. Thread-bound.
class OriginSearch {
 public:
    void add(const TrackRecord& track);
    /// A track that has ended without media is not awaited.
    void add(const TrackEndRecord& end);
    void add(const FrameRecord& frame);
    /// Blocks of a track that was not added are left out.
    void add(const BlockRecord& block);
    void add(const DataRecord& packet);
    /// A take whose media go into chunks has a fixed origin.
    void add(const ChunksRecord& chunks) { fixed_ = chunks.origin; }

    /// Whether every track has said when it begins, or three seconds have passed in which one did not.
    bool is_settled() const;
    /// By the records so far; empty without media.
    std::optional<HostTime> origin() const;

 private:
    struct Audio {
        int rate = 0;
        std::int64_t samples = 0;
        std::optional<HostTime> begin;  ///< earliest place of sample 0, by any block so far
        bool ended = false;
    };
    void see(HostTime time);

    std::map<int, std::optional<HostTime>> videos_;  // first stamp, by track number
    std::map<int, Audio> audios_;                    // by track number
    std::map<int, std::optional<HostTime>> data_;    // first stamp, by track number
    std::optional<HostTime> earliest_, latest_, fixed_;
};

/// The origin of a take by its journal's records; empty without media.
std::optional<HostTime> take_origin(std::span<const JournalRecord> records);

}  // namespace onetake
