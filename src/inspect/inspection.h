#pragma once

#include "media/line_fit.h"
#include "take/interval_set.h"
#include "take/journal.h"
#include "take/take_dir.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Consecutive frames or samples that are in the journal but missing from the take, with one cause.
struct LostRun {
    enum class Cause { missing, cut_short, damaged, altered };
    Cause cause = Cause::missing;
    std::int64_t first = 0;  ///< number of a frame from 1, index of a sample from 0
    std::int64_t count = 0;
    std::uint64_t bytes = 0;  ///< by the journal
    HostTime time;            ///< of the first
};
std::string_view to_string(LostRun::Cause cause);

/// Drops counted while recording, of one cause.
struct DropTotal {
    std::uint64_t count = 0;
    HostTime time;  ///< of the first record
};

/// One track, by the journal and on disk.
struct TrackInspection {
    TrackRecord track;
    bool opened = false;   ///< its folder or WAV could be opened
    std::string problem;   ///< why not, else empty
    IntervalSet recorded;  ///< by `f` or `a` records
    std::int64_t records = 0;
    bool in_order = true;  ///< numbers are consecutive
    std::vector<LostRun> lost;
    IntervalSet declared;    ///< by `drop` records with `first`
    std::uint64_t good = 0;  ///< intact frames or samples
    std::uint64_t good_bytes = 0;
    std::array<DropTotal, 4> drops;  ///< by DropRecord::Cause, except the declared

    // without a record in the journal
    IntervalSet orphaned;  ///< frames in the track's folder
    std::uint64_t orphaned_bytes = 0;
    std::uint64_t set_aside = 0;  ///< frames moved to kSetAside by a recovery
    std::uint64_t set_aside_bytes = 0;
    std::int64_t extra_samples = 0;  ///< at the WAV's end

    bool header_stale = false;  ///< of the WAV

    std::optional<HostTime> first, last;  ///< stamps; `last` is the end of the last block
    std::optional<StampSource> source;
    bool mixed_sources = false;
    std::uint64_t gaps = 0, xruns = 0;
    double gap_s = 0;
    LineFit clock;  ///< of audio: seconds by the stamps over seconds by the samples

    /// Lost runs that no `drop` record declares yet.
    std::vector<LostRun> undeclared() const;
    /// Seconds of media in one frame or sample; 0 if the rate is unknown.
    double seconds_each() const;
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

/// Inspects a take: reads the journal and every frame. Changes nothing. `locked`: the caller holds the take's
/// lock. Errors: no take, a journal that can't be read, or too much damage to count.
Result<Inspection> inspect_take(const TakeDir& dir, bool locked = false);

}  // namespace onetake
