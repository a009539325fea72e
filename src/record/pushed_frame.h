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

/// The frames that programs push, without a stamp. Errors of all: refused, with the reason.
namespace onetake {

/// The image, its bytes kept by `owner`.
Result<Frame> borrowed_frame(const ImageView& image, std::shared_ptr<const void> owner);

/// A copy of the image without padding, in a buffer of the source.
Result<Frame> copied_frame(const ImageView& image, PushVideoSource& source);

/// A copy of a JPEG file's bytes, in a buffer of the source. Refused if it is incomplete.
Result<Frame> jpeg_frame(std::span<const std::uint8_t> jpeg, PushVideoSource& source);

/// An 8-bit 4:2:0 image as a raw frame without padding.
Frame frame_of(const PlanarImage& image, BufferPool& pool);

/// Of raw frames; empty for compressed ones.
std::optional<ImageFormat> image_format(VideoFrameFormat format);

/// A raw frame, kept by `owner` or copied, or a copy of a JPEG.
Result<Frame> frame_of(const VideoFrame& from, std::shared_ptr<const void> owner, PushVideoSource& source);

}  // namespace onetake
