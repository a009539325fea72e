#pragma once

#include <onetake/config.h>
#include <onetake/metrics.h>
#include <onetake/result.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// recording: a process holds it; broken: it ended without being closed; complete: closed; rendered: has its MP4.
enum class TakeState { recording, broken, complete, rendered };

struct TakeSummary {
    std::string name;
    TakeState state = TakeState::complete;
    double duration_s = 0;  ///< NaN if unknown (broken)
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;  ///< of all its files
    std::string created;      ///< ISO 8601, UTC
    std::string problem;      ///< why it could not be read; else empty
};

/// The takes in `data_dir`, by name. A folder that does not exist holds none.
ONETAKE_API Result<std::vector<TakeSummary>> list_takes(const std::string& data_dir, const std::string& processed_dir);

/// What another program left: JPEGs in name order and their capture instants; a WAV and its clock. All seconds are of
/// one clock with any origin.
/// What the times of imported sound are.
enum class AudioStamps {
    automatic,  ///< decided by the shape of their scatter when the take is rendered
    capture,    ///< instants of capture: scatter to both sides
    arrival,    ///< of delivery: may be late, never early, so the least late ones place the sound
};

struct ImportOptions {
    std::string name;              ///< of the new take; empty: a local-time stamp
    std::string frames_dir;        ///< *.jpg, *.jpeg
    std::string frame_times_path;  ///< a decimal second per line, `#` comments
    std::string audio_path;        ///< 16-bit PCM WAV; empty: none
    std::string audio_times_path;  ///< lines `sample_index seconds`, at least one
    AudioStamps audio_stamps = AudioStamps::automatic;
    std::string data_dir = "av_data";
    std::function<bool()> cancelled;  ///< asked often, from the calling thread; true: stop, leave nothing; may be empty
};

/// Makes a take of it: the JPEGs' bytes untouched, the stamps to the nanosecond. Errors name the file and line.
ONETAKE_API Result<TakeResult> import_take(const ImportOptions& options);

/// What one track of a take lacks, for one cause.
struct TakeLoss {
    std::string track;  ///< "v1", "a1" …
    /// Before it was stored: "queue", "driver", "corrupt", "disk". Since: "missing" (no file), "short" (the file ends
    /// too early), "damaged" (no whole JPEG), "altered" (a whole JPEG, but not the one stored), "no_record" (stored,
    /// but the journal has no time for it).
    std::string cause;
    std::uint64_t count = 0;       ///< frames, or samples per channel
    double seconds = 0;            ///< of media, at the track's rate; 0 if that is unknown
    std::uint64_t bytes = 0;       ///< of what was stored; 0 if unknown
    double at_s = kNotApplicable;  ///< of the first, seconds from the take's start; NaN if unknown
    std::string which;             ///< "frames 12-15, 40", as far as known
};

/// What a check of a take found.
struct CheckReport {
    std::string name;
    bool recording = false;       ///< a process is recording it now: only what is there so far was checked
    bool closed = false;          ///< the recording came to its end
    bool needs_recovery = false;  ///< recover_take() has something to do
    double duration_s = 0;        ///< from the first to the last stamp
    std::uint64_t frames = 0;     ///< whole, all video tracks
    std::uint64_t samples = 0;    ///< there, all audio tracks, per channel
    std::uint64_t bytes = 0;      ///< of both
    std::vector<TakeLoss> losses;
    std::vector<std::string> findings;  ///< what else is not as it should be, one line each

    /// Nothing is lost and nothing is wrong.
    bool whole() const { return losses.empty() && findings.empty() && !needs_recovery; }
};

/// Verifies a take against its journal: counts, sizes, JPEG heads and ends, WAV lengths, books. Reads every frame;
/// changes nothing. Errors: the take can't be read (corrupt, not_found, refused: a symbolic link).
ONETAKE_API Result<CheckReport> check_take(const std::string& data_dir, const std::string& name);

/// What recovering a take did.
struct RecoverReport {
    CheckReport take;                ///< as it is now
    std::vector<std::string> steps;  ///< what was done, one line each; empty: nothing was to do
    std::uint64_t cut_bytes = 0;     ///< of a half-written last line of the journal
};

/// Makes a broken take whole: closes its journal, refreshes WAV headers and manifest, and records what is gone as lost.
/// Never changes what is good; a second call changes nothing. Errors: those of check_take(); wrong_state while a
/// process records the take; refused also for a take of another user; io, no_space: it can't be written, and is as it
/// was or partly recovered.
ONETAKE_API Result<RecoverReport> recover_take(const std::string& data_dir, const std::string& name);

/// The reports as tables for people.
ONETAKE_API std::string summary(const CheckReport& report);
ONETAKE_API std::string summary(const RecoverReport& report);
/// The reports as JSON objects; NaN becomes null.
ONETAKE_API std::string to_json(const CheckReport& report);
ONETAKE_API std::string to_json(const RecoverReport& report);

}  // namespace onetake
