#pragma once

#include "capture/push_source.h"
#include "codec/planar_image.h"

#include <onetake/image.h>
#include <onetake/result.h>
#include <onetake/video_recorder.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

/// The frames that programs push, without a stamp. Errors of all: refused, with the reason.
namespace onetake {

/// The image, its bytes kept by `owner`.
Result<Frame> borrowed_frame(const ImageView& image, std::shared_ptr<const void> owner);

/// A copy of the image without padding, in a buffer of the source.
Result<Frame> copied_frame(const ImageView& image, PushVideoSource& source);

/// A raw frame in any format, its bytes kept by `owner`. `stride` 0: rows without padding.
Result<Frame> borrowed_raw_frame(PixelFormat format, int width, int height, int stride,
                                 std::span<const std::uint8_t> bytes, std::shared_ptr<const void> owner);

/// The same; without an owner its bytes are copied, into a buffer of the source.
Result<Frame> raw_frame(PixelFormat format, int width, int height, int stride, std::span<const std::uint8_t> bytes,
                        std::shared_ptr<const void> owner, PushVideoSource& source);

/// Samples in [-1, 1] as they are stored; values beyond are clipped, NaN becomes silence.
std::vector<std::int16_t> samples_of(std::span<const float> samples);

/// A copy of a JPEG file's bytes, in a buffer of the source. Refused if it is incomplete.
Result<Frame> jpeg_frame(std::span<const std::uint8_t> jpeg, PushVideoSource& source);

/// Of raw frames; empty for compressed ones.
std::optional<ImageFormat> image_format(VideoFrameFormat format);

/// A frame of BT.709 as one of BT.601, 8-bit 4:2:0, in a buffer of the pool; others as they are.
Result<Frame> to_bt601(Frame frame, BufferPool& pool);

/// A raw frame with its own colours, kept by `owner` or copied, or a copy of a JPEG.
Result<Frame> frame_of(const VideoFrame& from, std::shared_ptr<const void> owner, PushVideoSource& source);

}  // namespace onetake
