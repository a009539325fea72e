#pragma once

#include "arrays.h"

#include <onetake/video_recorder.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace onetake::python {

/// A frame that Python gives to a recorder, as the library takes it. Made and destroyed with the GIL.
class GivenFrame {
 public:
    /// `format`: of a raw image, or of a compressed frame ("h264" …). `copy` false: an image that the library can use
    /// as it lies is borrowed, until owner() is released. Raises invalid_argument for what is no frame.
    GivenFrame(nb::handle frame, std::optional<double> t, bool copy, std::string_view format, bool limited);

    /// Valid as long as this object. Packs the image if needed; needs no GIL.
    const VideoFrame& frame();
    /// Empty: the library copies the frame.
    std::shared_ptr<const void> owner() { return std::move(owner_); }

 private:
    std::unique_ptr<PyBuffer> buffer_;
    std::optional<PushedImage> image_;
    bool direct_ = true;
    std::shared_ptr<const void> owner_;
    std::vector<std::uint8_t> packed_;
    VideoFrame frame_;
};

}  // namespace onetake::python
