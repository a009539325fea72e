#pragma once

#include "codec/planar_image.h"
#include "media/frame.h"

#include <onetake/result.h>
#include <onetake/subsample.h>

#include <memory>
#include <vector>

namespace onetake {

struct JpegSettings {
    int quality = 90;  ///< 1 … 100
    Subsample subsample = Subsample::s420;
    bool progressive = false;  ///< smaller files, several times slower
};

/// Encodes raw frames as JPEG files, directly into pooled buffers. YUV frames are not converted to RGB; limited range
/// is expanded, because a JPEG is full range. The colour matrix is not converted. Thread-bound: one per worker.
/// Allocates only for the first frame.
class JpegEncoder {
 public:
    /// Errors: invalid_argument for a quality outside 1 … 100.
    static Result<JpegEncoder> create(JpegSettings settings);

    /// Takes every format but `jpeg`. Gray frames become gray JPEGs whatever the settings. Errors: invalid_argument for
    /// a frame with fewer bytes than its dimensions need; unsupported beyond 65500 pixels a side.
    Result<Buffer> encode(const Frame& frame, BufferPool& pool);
    /// The same for a planar image. Errors: unsupported for 4:4:0 and 4:1:1.
    Result<Buffer> encode(const PlanarImage& image, BufferPool& pool);

    const JpegSettings& settings() const { return settings_; }

 private:
    /// Input planes of the compressor, borrowed from a frame or from scratch_.
    struct Planes {
        Chroma chroma = Chroma::s420;
        std::array<const std::uint8_t*, 3> data{};
        std::array<int, 3> stride{};
    };
    struct Destroy {
        void operator()(void* handle) const;
    };

    explicit JpegEncoder(JpegSettings settings, void* handle);
    Result<Buffer> encode_packed(const Frame& frame, int pixels, BufferPool& pool);
    Result<Buffer> encode_planes(Planes planes, int width, int height, ColorRange range, BufferPool& pool);
    Planes planes_of(const Frame& frame);
    void match_chroma(Planes& planes, int width, int height);
    std::uint8_t* scratch(std::size_t plane, int stride, int rows);

    JpegSettings settings_;
    std::unique_ptr<void, Destroy> handle_;
    std::array<std::vector<std::uint8_t>, 6> scratch_;
};

}  // namespace onetake
