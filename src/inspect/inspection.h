#pragma once

#include "inspect/part_inspection.h"
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

/// Consecutive frames, samples or data packets that are in the journal but missing from the take, with one cause.
struct LostRun {
    LossCause cause = LossCause::missing;  ///< missing, cut_short, damaged or altered
    std::int64_t first = 0;                ///< number of a frame or data packet from 1, index of a sample from 0
    std::int64_t count = 0;
    std::uint64_t bytes = 0;  ///< by the journal
    HostTime time;            ///< of the first
};

/// Drops counted while recording, of one cause.
struct DropTotal {
    std::uint64_t count = 0;
    HostTime time;  ///< of the capture of the first
};

/// One track, by the journal and on disk.
struct TrackInspection {
    explicit TrackInspection(TrackRecord record);

    TrackRecord track;
    bool opened = false;   ///< its folder or file could be opened
    std::string problem;   ///< why not, else empty
    IntervalSet recorded;  ///< by `f`, `a` or `d` records
    bool in_order = true;  ///< numbers come one after the other
    std::vector<LostRun> lost;
    IntervalSet declared;    ///< by `drop` records with `first`
    std::uint64_t good = 0;  ///< frames, samples or packets that are intact
    std::uint64_t good_bytes = 0;
    std::array<DropTotal, kRecordedLossCauses> drops;  ///< by LossCause, without the declared

    // without a record in the journal
    IntervalSet orphaned;  ///< frames in the track's folder
    std::uint64_t orphaned_bytes = 0;
    PartsBeyondJournal beyond;    ///< of an encoded track
    std::uint64_t set_aside = 0;  ///< frames moved to kSetAside by a recovery
    std::uint64_t set_aside_bytes = 0;
    std::int64_t extra_samples = 0;  ///< at the WAV's end
    std::uint64_t extra_bytes = 0;   ///< at the end of a data track's file

    bool header_stale = false;  ///< of the WAV

    TrackStatistics statistics;  ///< of what the journal names; counters are filled in by the report

    /// Lost runs that no `drop` record declares yet.
    std::vector<LostRun> undeclared() const;
};

/// The result of inspecting a take. Its size grows with the gaps in a take, not with its length.
struct Inspection {
    TakeRecord take;
    std::vector<TrackInspection> tracks;
    std::uint64_t complete_bytes = 0;  ///< bytes of the journal up to the end of the last complete line
    std::uint64_t partial_line = 0;    ///< bytes after it
    std::uint64_t bad_lines = 0;
    std::uint64_t unknown_track_records = 0;  ///< records of tracks without a track record
    bool being_written = false;
    bool ends_with_end = false;            ///< the last record is an `end` record
    std::optional<EndRecord> end;          ///< the last one
    HostTime last_time;                    ///< latest stamp of media
    std::vector<std::string> stale_files;  ///< own files in the take's folder that exist only after a crash
    /// Empty if the manifest exists and matches this journal, else what is wrong with it.
    std::string manifest_problem;

    /// Whether a recovery has something to do.
    bool needs_recovery() const;
};

/// Folder in the take to which a recovery moves frames without a record.
inline constexpr const char* kSetAside = "leftover";

/// Inspects a take: reads the journal, every frame and every packet. Changes nothing. `locked`: the caller holds the
/// take's lock. Errors: no take, a journal that can't be read, or too much damage to count.
Result<Inspection> inspect_take(const TakeDir& dir, bool locked = false);

}  // namespace onetake
