#pragma once

#include "base/error.h"
#include "take/take_dir.h"

#include <onetake/metrics.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace onetake {

/// Makes `manifest.json` from the journal, beside and renamed, by streaming: memory does not grow with the take.
Status write_manifest(const TakeDir& dir, const Metrics& metrics);

/// What stands in front of a manifest's lists.
struct ManifestHead {
    Metrics metrics;
    std::string reason;
    std::int64_t end_ns = 0;
    std::uint64_t journal_bytes = 0;  ///< of the journal it was made from; 0 if it does not say
};

/// Reads the head of `manifest.json`; its lists are not read. Memory is bounded, hostile bytes are an error.
/// Errors: not_found; corrupt.
Result<ManifestHead> read_manifest(const TakeDir& dir);
/// The same of bytes; `text` may be cut off behind the head.
Result<ManifestHead> parse_manifest_head(std::string_view text);

}  // namespace onetake
