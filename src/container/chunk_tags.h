#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// What a chunk's file says of its place in a recording (docs/chunks.md).
struct ChunkPlace {
    std::string recording;      ///< unique among all recordings
    std::int64_t start_ms = 0;  ///< from the recording's origin; the chunk's time 0
};

/// As tags of a file.
std::vector<std::pair<std::string, std::string>> chunk_tags(const ChunkPlace& place);
/// Empty for a file that is no chunk: tags missing or out of range.
std::optional<ChunkPlace> chunk_place(const std::vector<std::pair<std::string, std::string>>& tags);

}  // namespace onetake
