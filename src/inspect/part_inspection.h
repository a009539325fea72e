#pragma once

#include "take/interval_set.h"
#include "take/journal.h"
#include "take/take_dir.h"
#include "take/video_part.h"

#include <onetake/loss_cause.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Bytes at the end of a part after its last complete cluster.
struct PartialCluster {
    int part = 1;
    std::uint64_t keep = 0;   ///< length of the file without them
    std::uint64_t bytes = 0;  ///< at most what follows `keep`
};

/// What is in the parts of an encoded track beyond its journal.
struct PartsBeyondJournal {
    std::vector<PartialCluster> partial;
    IntervalSet parts;          ///< without a record, by number
    std::uint64_t packets = 0;  ///< complete ones without a record, those of `parts` included
    std::uint64_t bytes = 0;    ///< of these packets, with their headers
};

/// Inspects the parts of one encoded track. Changes nothing. Thread-bound.
class PartInspection {
 public:
    PartInspection(const TakeDir& dir, TrackId track) : dir_(dir), track_(track) {}

    void add(const PartRecord& part);
    /// Reads the packet of a frame. Empty if it is intact, else missing, cut_short or damaged.
    std::optional<LossCause> check(const FrameRecord& frame);
    /// After all records, of a take that is not being recorded.
    Result<PartsBeyondJournal> beyond_journal();

 private:
    struct Part {
        PartRecord record;
        std::uint64_t end = 0;  ///< of what the journal names and the file has
    };
    const PartReader* open(const PartRecord& record);

    const TakeDir& dir_;
    TrackId track_;
    std::map<std::int64_t, Part> parts_;  ///< by number
    std::optional<PartReader> file_;      ///< the part read last: there may be more parts than open files
    std::vector<std::uint8_t> packet_;    ///< reused
};

/// The complete packets of a part without a record. Errors: the file's.
Result<PartReader::Tail> packets_of_part(UniqueFd fd, const std::string& path);

}  // namespace onetake
