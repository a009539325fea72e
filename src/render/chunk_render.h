#pragma once

#include "render/chunk_files.h"
#include "render/render_progress.h"
#include "take/take_files.h"

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

struct ChunkRenderOptions {
    std::string take_folder;
    std::string folder;            ///< of the chunks' files
    std::int64_t first_chunk = 1;  ///< earlier ones are complete
    /// Set while the take is recorded; see MediaReaderOptions. What chunks hold is then removed from the take.
    std::function<bool()> wait_for_more;
    /// While it is recorded: tracks that deliver nothing, and up to when everything of them is in the journal.
    std::function<std::vector<std::pair<TrackId, HostTime>>()> complete_tracks;
    std::function<std::string(std::int64_t number, WallTime begin)> id_of;  ///< see ChunkFilesOptions
    std::function<void(const FinishedChunk&)> on_finished;
    std::stop_token cancel;
};

struct ChunkRenderReport {
    std::uint64_t chunks = 0;
    std::uint64_t packets = 0;                  ///< of all streams
    Duration length{};                          ///< of the recording, from its origin
    std::map<std::string, std::uint64_t> late;  ///< packets of a chunk that was finished before they came, by track
    std::vector<TrackLoss> losses;              ///< what the take's journal names and could not be read
    std::vector<std::string> notes;
};

/// Divides a recording into chunks (docs/chunks.md), while it is recorded or later; the packets are the same. A chunk
/// is finished when every stream is past it. Blocks until done. Errors: not_found for a take without media; corrupt for
/// one that is not made for chunks; cancelled; those of the files.
Result<ChunkRenderReport> render_chunks(const ChunkRenderOptions& options, RenderProgress& progress);

}  // namespace onetake
