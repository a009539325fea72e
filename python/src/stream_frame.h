#pragma once

#include "arrays.h"

#include <onetake/stream_config.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace onetake::python {

/// A raw frame that Python gives to a stream, as the library takes it: an array of the shape of the stream's input
/// pixel format, with any strides, or the frame's bytes. Made and destroyed with the GIL.
class StreamFrame {
 public:
    /// `copy` false: an array that the library can use as it lies is borrowed, until owner() is released. Raises
    /// invalid_argument for arrays of another shape or type.
    StreamFrame(nb::handle frame, const VideoStreamConfig& config, bool copy);

    /// Valid as long as this object. Packs the image if needed; needs no GIL.
    std::span<const std::uint8_t> bytes();
    /// Of bytes(): from one row to the next; 0: rows without padding.
    int stride() const { return stride_; }
    /// Empty: the library copies the frame.
    std::shared_ptr<const void> owner() { return std::move(owner_); }

 private:
    std::unique_ptr<PyBuffer> buffer_;
    PushedImage image_;
    std::span<const std::uint8_t> bytes_;
    bool direct_ = true;
    int stride_ = 0;
    std::shared_ptr<const void> owner_;
    std::vector<std::uint8_t> packed_;
};

}  // namespace onetake::python
