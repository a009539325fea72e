#pragma once

#include "render/renderer.h"
#include "take/take_source.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace onetake {

/// Bytes to reserve for the index in front of a rendered file whose length is known, else 0. `totals`: of a stored
/// take. `tag_bytes`: of the file's tag.
std::uint64_t index_bytes(const RenderOptions& options, const std::vector<TrackRecord>& tracks,
                          const std::optional<TakeTotals>& totals, std::size_t tag_bytes);

}  // namespace onetake
