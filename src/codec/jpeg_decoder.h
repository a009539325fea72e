#pragma once

#include "codec/planar_image.h"

#include <onetake/result.h>

#include <memory>
#include <span>

namespace onetake {

/// Decodes JPEG files to planes, never over RGB: what a video encoder takes comes out as it was stored, full range.
/// Thread-bound.
class JpegDecoder {
 public:
    static Result<JpegDecoder> create();

    /// The image's matrix is told by the caller: a JPEG does not say it. Errors: corrupt for bytes that are no JPEG,
    /// truncated or damaged (a stray byte between segments is no damage); unsupported for CMYK, RGB and unusual
    /// samplings, and for pictures of more than 2^27 pixels.
    Result<PlanarImage> decode(std::span<const std::uint8_t> jpeg, BufferPool& pool,
                               ColorMatrix matrix = ColorMatrix::bt601);

 private:
    struct Destroy {
        void operator()(void* handle) const;
    };
    explicit JpegDecoder(void* handle);

    std::unique_ptr<void, Destroy> handle_;
};

}  // namespace onetake
