#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

struct MergeOptions {
    bool replace = false;        ///< replaces an existing file at `out`, atomically
    bool remove_chunks = false;  ///< deletes the merged chunks, once the result was read back and found equal
    std::stop_token cancel;      ///< the call then fails with `cancelled`; no file is left, the chunks are unchanged
};

/// A stream of a merged file.
struct MergedStream {
    std::string kind;   ///< "video", "audio", "data"
    std::string codec;  ///< libavcodec's name
    std::uint64_t packets = 0;
};

struct MergeResult {
    std::string path;
    std::uint64_t bytes = 0;
    double duration_s = 0;  ///< of the media
    std::vector<std::string> parts;
    std::vector<MergedStream> streams;
    std::vector<std::string> notes;     ///< a line each
    std::vector<std::string> failures;  ///< what was asked for and not done, and why, a line each; the file is there
};

/// Joins Matroska files with the same streams to one, `out`, which must end in ".mkv": every packet unchanged, its time
/// moved by its part's place, in whole ticks of the container (1 ms). A chunk says in its tags where in its recording
/// it begins (docs/chunks.md); the first part's place is time 0. A part without such tags begins where the one before
/// ended, which is noted. `out` appears complete or not at all, and was read back and found equal. Chapters are kept.
/// Errors: invalid_argument for `out`, no parts, parts of different recordings or in the wrong order; unsupported for
/// streams that differ; already_exists; not_found, corrupt for a part; no_space, io; cancelled.
ONETAKE_API Result<MergeResult> merge_stream_files(const std::vector<std::string>& parts, const std::string& out,
                                                   const MergeOptions& options = {});

/// Joins the finished chunks of the recording in `dir`, its *.mkv files with a chunk's tags, in the order of their
/// places. Other files are left out. Errors: as merge_stream_files(); not_found for a folder without a chunk;
/// invalid_argument for one with chunks of several recordings.
ONETAKE_API Result<MergeResult> merge_recording_chunks(const std::string& dir, const std::string& out,
                                                       const MergeOptions& options = {});

/// The result as one JSON object.
ONETAKE_API std::string to_json(const MergeResult& result);

}  // namespace onetake
