#pragma once

#include "codec/planar_image.h"
#include "media/frame.h"

#include <onetake/result.h>
#include <onetake/take_reader.h>

#include <cstdint>
#include <span>

namespace onetake {

/// Decodes a JPEG to BGR, RGB or gray, in full range. `color`: how its samples are to be read. Thread-safe. Errors:
/// corrupt for bytes that are no JPEG, truncated or damaged; unsupported for other formats, CMYK, and more than 2^27
/// pixels.
Result<Image> decode_image(std::span<const std::uint8_t> jpeg, const ColorInfo& color, ImageFormat format);

/// Converts planes of any sampling to BGR, RGB or gray, in full range. Errors: unsupported for other formats.
Result<Image> to_image(PlanarImage stored, ImageFormat format);

}  // namespace onetake
