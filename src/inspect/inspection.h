#pragma once

#include "take/interval_set.h"
#include "take/journal.h"
#include "take/take_dir.h"
#include "take/track_statistics.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Neighbouring frames or samples that the journal names and the take lacks, for one reason.
struct LostRun {
    LossCause cause = LossCause::missing;  ///< missing, cut_short, damaged or altered
    std::int64_t first = 0;                ///< number of a frame from 1, index of a sample from 0
    std::int64_t count = 0;
    std::uint64_t bytes = 0;  ///< as the journal says
    HostTime time;            ///< of the first
};

/// Drops that were counted while recording, of one cause.
struct DropTotal {
    std::uint64_t count = 0;
    HostTime time;  ///< of the first record
};

/// One track as the journal tells it and as it is on the disk.
struct TrackInspection {
    explicit TrackInspection(TrackRecord record);

    TrackRecord track;
    bool opened = false;   ///< its folder or WAV could be opened
    std::string problem;   ///< why not, else empty
    IntervalSet named;     ///< by `f` or `a` records
    bool in_order = true;  ///< numbers come one after the other
    std::vector<LostRun> lost;
    IntervalSet declared;    ///< by `drop` records with `first`
    std::uint64_t good = 0;  ///< frames or samples that are whole
    std::uint64_t good_bytes = 0;
    std::array<DropTotal, kRecordedLossCauses> drops;  ///< by LossCause, without the declared

    // what the journal does not name
    IntervalSet strays;  ///< frames in the track's folder
    std::uint64_t stray_bytes = 0;
    std::uint64_t set_aside = 0;  ///< frames that a recovery has moved out of it
    std::uint64_t set_aside_bytes = 0;
    std::int64_t extra_samples = 0;  ///< at the WAV's end

    bool header_stale = false;  ///< of the WAV

    TrackStatistics statistics;  ///< of what the journal names; counters are filled in by the report

    /// Lost runs that no `drop` record declares yet.
    std::vector<LostRun> undeclared() const;
};

/// Everything that one look over a take finds. Its size grows with the holes in a take, not with its length.
struct Inspection {
    TakeRecord take;
    std::vector<TrackInspection> tracks;
    std::uint64_t journal_whole = 0;  ///< bytes up to the end of the last whole line
    std::uint64_t half_line = 0;      ///< bytes behind it
    std::uint64_t bad_lines = 0;
    std::uint64_t homeless = 0;  ///< records of tracks that the journal does not introduce
    bool being_written = false;
    bool ends_with_end = false;      ///< the last record is an `end` record
    std::optional<EndRecord> end;    ///< the last one
    HostTime last_time;              ///< latest stamp of media
    std::vector<std::string> rests;  ///< files of ours that only a crash leaves behind, below the take
    /// Empty: the manifest is there and made from this journal. Else what is wrong with it.
    std::string manifest_problem;

    /// Whether a recovery has something to do.
    bool needs_recovery() const;
};

/// Where frames without a record are put by a recovery, below the take.
inline constexpr const char* kSetAside = "leftover";

/// Looks at all of a take: reads the journal and every frame. Changes nothing. `mine`: the caller holds the take's
/// lock. Errors: no take, a journal that can't be read, or more damage than can be counted.
Result<Inspection> inspect_take(const TakeDir& dir, bool mine = false);

}  // namespace onetake
