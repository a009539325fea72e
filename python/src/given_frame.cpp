#include "given_frame.h"

#include <utility>

namespace onetake::python {

namespace {

// The format of a compressed frame; empty for raw ones and JPEGs.
std::optional<VideoFrameFormat> compressed_format(std::string_view name) {
    for (const auto format : {VideoFrameFormat::h264, VideoFrameFormat::h265, VideoFrameFormat::vp8,
                              VideoFrameFormat::vp9, VideoFrameFormat::av1})
        if (to_string(format) == name) return format;
    return std::nullopt;
}

VideoFrameFormat raw_format(ImageFormat format) {
    switch (format) {
        case ImageFormat::bgr:
            return VideoFrameFormat::raw_bgr24;
        case ImageFormat::rgb:
            return VideoFrameFormat::raw_rgb24;
        case ImageFormat::gray:
            return VideoFrameFormat::raw_gray8;
        case ImageFormat::nv12:
            return VideoFrameFormat::raw_nv12;
        case ImageFormat::i420:
            return VideoFrameFormat::raw_i420;
    }
    return VideoFrameFormat::raw_bgr24;
}

}  // namespace

GivenFrame::GivenFrame(nb::handle frame, std::optional<double> t, bool copy, std::string_view format, bool limited)
    : buffer_(std::make_unique<PyBuffer>(frame, "The frame")) {
    frame_.t = t;
    frame_.range = limited ? PixelRange::limited : PixelRange::full;
    if (const auto compressed = compressed_format(format)) {
        frame_.format = *compressed;
        return;
    }
    image_ = image_in(*buffer_, image_format(format));
    direct_ = image_->is_jpeg ? image_->column_stride == 1 : image_->direct();
    frame_.format = image_->is_jpeg ? VideoFrameFormat::jpeg : raw_format(image_->view.format);
    frame_.width = image_->view.width;
    frame_.height = image_->view.height;
    frame_.stride = direct_ ? image_->view.stride : 0;
    if (direct_ && image_->is_jpeg)
        frame_.bytes = {image_->first, static_cast<std::size_t>(image_->columns)};
    else if (direct_)
        frame_.bytes = image_->view.pixels;
    if (!copy && direct_ && !image_->is_jpeg) owner_ = queued_release(std::move(buffer_));
}

const VideoFrame& GivenFrame::frame() {
    if (!direct_ && packed_.empty()) {
        packed_ = image_->packed();
        frame_.bytes = packed_;
    }
    return frame_;
}

}  // namespace onetake::python
