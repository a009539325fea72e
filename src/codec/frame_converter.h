#pragma once

#include "codec/planar_image.h"
#include "media/frame.h"

#include <onetake/result.h>

#include <memory>

namespace onetake {

/// Converts a raw frame to planes with libyuv. YUV and gray frames keep their chroma and range; RGB becomes 4:2:0 in
/// the range and matrix of `color`. Copies every byte once. Errors: invalid_argument for a JPEG and for a frame with
/// fewer bytes than its dimensions need; unsupported for RGB with a matrix other than BT.601.
Result<PlanarImage> to_planar(const Frame& frame, ColorInfo color, BufferPool& pool);

/// The same without a copy, where the frame's planes are aligned and padded as make_planar() does it, and of even size:
/// the image has the frame's bytes then.
Result<PlanarImage> take_planar(Frame frame, ColorInfo color, BufferPool& pool);

/// The image as a frame, without a stamp, in `bytes`, which must have room for frame_size_of(image) bytes. Of 4:4:0 and
/// 4:1:1, which frames can't have, it must be a copy by to_420().
Frame to_frame(const PlanarImage& image, Buffer bytes);
/// The same in a buffer of the pool, or without a copy, if the image's planes lie as a frame's: it must not change
/// then.
Frame to_frame(std::shared_ptr<const PlanarImage> image, BufferPool& pool);
/// Bytes of that frame.
std::size_t frame_size_of(const PlanarImage& image);

}  // namespace onetake
