#pragma once

#include "base/error.h"
#include "take/take_dir.h"

#include <onetake/metrics.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace onetake {

/// Writes `manifest.json` from the journal by streaming (memory doesn't grow with the take) to a temporary file, then
/// renames it.
Status write_manifest(const TakeDir& dir, const Metrics& metrics);

/// Replaces the metrics in `manifest.json` and its `outputs`, a JSON object on what was made from the take. The lists
/// are copied as they are. Errors: those of read_manifest() and of the disk.
Status update_manifest(const TakeDir& dir, const Metrics& metrics, const std::string& outputs_json);

/// The fields before a manifest's lists.
struct ManifestHeader {
    Metrics metrics;
    std::string reason;
    std::int64_t end_ns = 0;
    std::uint64_t journal_bytes = 0;  ///< of the journal it was made from; 0 if not recorded
};

/// Reads the header of `manifest.json`, not its lists. Memory is bounded; malformed input is an error.
/// Errors: not_found; corrupt.
Result<ManifestHeader> read_manifest(const TakeDir& dir);
/// The same for bytes; `text` may end anywhere after the header.
Result<ManifestHeader> parse_manifest_head(std::string_view text);

}  // namespace onetake
