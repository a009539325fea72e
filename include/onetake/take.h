#pragma once

#include <onetake/config.h>
#include <onetake/loss_cause.h>
#include <onetake/metrics.h>
#include <onetake/result.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

/// What a rendered file says of itself.
struct OutputFileInfo {
    std::string path;
    std::string take;       ///< identity of the take that it was made from; empty if the file does not say
    bool complete = false;  ///< whether the take was complete when it was rendered
    std::string audio;      ///< "recorded", "enhanced" or "none"
    std::string model;      ///< of enhanced audio
    std::string settings;   ///< of the rendering, a JSON object by field name
};

/// recording: by a running process; broken: not closed; complete: closed; rendered: has an output file that was made
/// from this take, when it was complete.
enum class TakeState { recording, broken, complete, rendered };

struct TakeSummary {
    std::string name;
    TakeState state = TakeState::complete;
    double duration_s = 0;  ///< NaN if unknown (broken)
    std::uint64_t frames = 0;
    std::uint64_t packets = 0;             ///< of data tracks
    std::uint64_t bytes = 0;               ///< of all its files
    std::string created;                   ///< ISO 8601, UTC
    std::vector<TrackCounters> counters;   ///< of each track, when the take was closed; empty if unknown
    std::optional<OutputFileInfo> output;  ///< the file at the take's place in `processed_dir`
    std::string problem;                   ///< why it could not be read; else empty
};

/// The takes in `data_dir`, by name. A folder that does not exist holds none. `container`: only files of this format
/// count as renderings; unset: of any.
ONETAKE_API Result<std::vector<TakeSummary>> list_takes(const std::string& data_dir, const std::string& processed_dir,
                                                        std::optional<ContainerFormat> container = {});

/// What the times of imported audio are.
enum class AudioStamps {
    automatic,  ///< decided by the shape of their scatter when the take is rendered
    capture,    ///< instants of capture: scatter to both sides
    arrival,    ///< of delivery: may be late, never early, so the least late ones place the audio
};

/// Media recorded by another program: JPEGs in name order and their capture times; a WAV and its clock. All seconds are
/// of one clock with any origin.
struct ImportOptions {
    std::string name;              ///< of the new take: as StartOptions::name
    std::string frames_dir;        ///< *.jpg, *.jpeg
    std::string frame_times_path;  ///< a decimal second per line, `#` comments
    std::string audio_path;        ///< 16-bit PCM WAV; empty: none
    std::string audio_times_path;  ///< lines `sample_index seconds`, at least one
    AudioStamps audio_stamps = AudioStamps::automatic;
    std::string data_dir = "av_data";
    std::stop_token cancel;  ///< ends the import, which then leaves nothing
};

/// Imports these files as a take: the JPEGs' bytes unchanged, the stamps to the nanosecond. Errors name the file and
/// line.
ONETAKE_API Result<TakeResult> import_take(const ImportOptions& options);

/// What is missing from one track of a take, for one cause.
struct TakeLoss {
    std::string track;  ///< "v1", "a1", "d1" …
    LossCause cause = LossCause::queue;
    std::uint64_t count = 0;       ///< frames, samples per channel, or data packets
    double seconds = 0;            ///< of media, at the track's rate; 0 if that is unknown
    std::uint64_t bytes = 0;       ///< of the lost media, if stored; 0 if unknown
    double at_s = kNotApplicable;  ///< of the first, seconds from the take's start; NaN if unknown
    std::string which;             ///< "frames 12-15, 40", as far as known
};

/// The result of checking a take.
struct CheckReport {
    std::string name;
    bool recording = false;       ///< a process is recording it now: checked as far as written
    bool closed = false;          ///< the recording was closed
    bool needs_recovery = false;  ///< recover_take() is needed
    double duration_s = 0;        ///< from the first to the last stamp
    std::uint64_t frames = 0;     ///< complete ones, all video tracks
    std::uint64_t samples = 0;    ///< present, all audio tracks, per channel
    std::uint64_t packets = 0;    ///< intact ones, all data tracks
    std::uint64_t bytes = 0;      ///< of all of them
    std::vector<TakeLoss> losses;
    std::vector<std::string> findings;  ///< other problems, one line each

    /// Whether nothing is lost and there are no problems.
    bool whole() const { return losses.empty() && findings.empty() && !needs_recovery; }
};

/// Verifies a take against its journal: counts, sizes, JPEG headers and end markers, WAV lengths, accounting. Reads
/// every frame; changes nothing. Errors: the take can't be read (corrupt, not_found, refused: a symbolic link).
/// `processed_dir`: where its output file is, which is then read to its end, too; empty: not checked. Its audio is
/// decoded, and of the video the keyframes and what follows the last one; `decode_all`: every frame.
ONETAKE_API Result<CheckReport> check_take(const std::string& data_dir, const std::string& name,
                                           const std::string& processed_dir = {}, bool decode_all = false);

/// The result of recovering a take.
struct RecoverReport {
    CheckReport take;                ///< after recovery
    std::vector<std::string> steps;  ///< what was done, one line each; empty: nothing to do
    std::uint64_t cut_bytes = 0;     ///< removed from an incomplete last line of the journal
};

/// Recovers a broken take: closes its journal, updates WAV headers and manifest, and records what is missing as lost.
/// Never changes intact media; a second call changes nothing. Errors: those of check_take(); wrong_state while a
/// process records the take; refused also for a take of another user; io, no_space: it can't be written, and is
/// unchanged or partly recovered. Incomplete files of killed renderings in `processed_dir` are removed; empty: not.
ONETAKE_API Result<RecoverReport> recover_take(const std::string& data_dir, const std::string& name,
                                               const std::string& processed_dir = {});

/// The reports as JSON objects; NaN becomes null.
ONETAKE_API std::string to_json(const CheckReport& report);
ONETAKE_API std::string to_json(const RecoverReport& report);

}  // namespace onetake
