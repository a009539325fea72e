#pragma once

#include <onetake/config.h>
#include <onetake/metrics.h>
#include <onetake/result.h>

#include <cstdint>
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
struct ImportOptions {
    std::string name;              ///< of the new take; empty: a local-time stamp
    std::string frames_dir;        ///< *.jpg, *.jpeg
    std::string frame_times_path;  ///< a decimal second per line, `#` comments
    std::string audio_path;        ///< 16-bit PCM WAV; empty: none
    std::string audio_times_path;  ///< lines `sample_index seconds`, at least one
    std::string data_dir = "av_data";
};

/// Makes a take of it: the JPEGs' bytes untouched, the stamps to the nanosecond. Errors name the file and line.
ONETAKE_API Result<TakeResult> import_take(const ImportOptions& options);

}  // namespace onetake
