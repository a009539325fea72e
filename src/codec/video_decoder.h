#pragma once

#include "codec/av_free.h"
#include "codec/planar_image.h"
#include "media/packet.h"

#include <onetake/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace onetake {

/// A decoded image and the number its packet was given.
struct DecodedImage {
    PlanarImage image;
    std::int64_t number = 0;
};

/// Decodes the packets of one video stream to planes. Safe on damaged input: it returns an error. Thread-bound.
class VideoDecoder {
 public:
    /// Errors: missing_part if this libavcodec can't decode the codec; unsupported if its decoder does not open.
    /// `most_pixels`: of a frame; a larger one is an error of decode().
    static Result<VideoDecoder> open(const StreamParams& params, std::int64_t most_pixels = std::int64_t{1} << 28);
    VideoDecoder(VideoDecoder&&) noexcept;
    VideoDecoder& operator=(VideoDecoder&&) noexcept;
    VideoDecoder(const VideoDecoder&) = delete;
    VideoDecoder& operator=(const VideoDecoder&) = delete;
    ~VideoDecoder();

    /// Takes a packet, in decoding order, and appends the images it completes; numbers must increase. Errors: corrupt;
    /// unsupported for a pixel format that no encoder here makes.
    Status decode(std::span<const std::uint8_t> packet, std::int64_t number, BufferPool& pool,
                  std::vector<DecodedImage>& out);
    /// Flushes: appends the remaining images. No packet may follow.
    Status finish(BufferPool& pool, std::vector<DecodedImage>& out);

 private:
    explicit VideoDecoder(const StreamParams& params);
    Status open_codec(std::int64_t most_pixels);
    Status drain(BufferPool& pool, std::vector<DecodedImage>& out);
    Result<PlanarImage> planes(BufferPool& pool) const;

    StreamParams params_;
    std::unique_ptr<AVCodecContext, AvFree> context_;
    std::unique_ptr<AVFrame, AvFree> frame_;
    std::unique_ptr<AVPacket, AvFree> packet_;
};

/// The image scaled into another size, with its proportions, on black.
PlanarImage fitted(const PlanarImage& image, int width, int height, BufferPool& pool);

}  // namespace onetake
