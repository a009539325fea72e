#pragma once

#include "codec/planar_image.h"

#include <onetake/result.h>

#include <memory>
#include <span>
#include <string_view>

namespace onetake {

/// Whether nothing is lost by what libjpeg-turbo warns of: many cameras put an extra byte between segments.
bool is_harmless_jpeg_warning(std::string_view warning);

/// Decodes JPEG files to planes without conversion: the stored YCbCr samples, full range. Thread-bound.
class JpegDecoder {
 public:
    static Result<JpegDecoder> create();

    /// `matrix` is stored in the image: a JPEG does not specify it. Errors: corrupt for bytes that are no JPEG,
    /// truncated or damaged (an extra byte between segments is accepted); unsupported for CMYK, RGB and uncommon
    /// subsamplings, and for more than 2^27 pixels.
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
