#include "stream_frame.h"

#include "errors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace onetake::python {

namespace {

// How an array holds a frame: (rows, width), or (rows, width, items) if an item's bytes have an axis of their own.
struct ArrayLayout {
    std::string_view format;
    int item_bytes;            // 2: uint16
    int items;                 // on the third axis; 0: there is none
    int rows_times_six;        // rows of the array per six rows of the image
    bool even_width, planar;   // planar: planes of several widths, or one after the other
    bool even_height = false;  // of an image that an array can hold
};
constexpr auto kLayouts = std::to_array<ArrayLayout>({
    {"rgb24", 1, 3, 6, false, false},
    {"bgr24", 1, 3, 6, false, false},
    {"gray", 1, 0, 6, false, false},
    {"gray16le", 2, 0, 6, false, false},
    {"nv12", 1, 0, 9, true, false, true},
    {"yuyv422", 1, 2, 6, true, false},
    {"yuv420p", 1, 0, 9, true, true, true},
    {"yuvj420p", 1, 0, 9, true, true, true},
    {"yuv422p", 1, 0, 12, true, true},
    {"yuv444p", 1, 0, 18, false, true},
});

[[noreturn]] void refuse(std::string message) {
    raise({ErrorCode::invalid_argument, std::move(message)});
}

}  // namespace

StreamFrame::StreamFrame(nb::handle frame, const VideoStreamConfig& config, bool copy)
    : buffer_(std::make_unique<PyBuffer>(frame, "The frame")) {
    const auto& b = buffer_->view();
    const auto layout = std::ranges::find(kLayouts, config.input_pixel_format, &ArrayLayout::format);
    if (layout == kLayouts.end()) refuse("There is no input_pixel_format \"" + config.input_pixel_format + "\".");
    const char item = buffer_->item();
    const bool is_bytes = b.itemsize == 1 && (item == 'B' || item == 'c');
    const bool is_flat = b.ndim == 1 && is_bytes;
    const Py_ssize_t rows = config.height * layout->rows_times_six / 6;
    const bool has_array =
        (!layout->even_width || config.width % 2 == 0) && (!layout->even_height || config.height % 2 == 0);
    const bool fits = has_array && (layout->item_bytes == 2 ? item == 'H' : is_bytes) &&
                      b.ndim == (layout->items == 0 ? 2 : 3) && b.shape[0] == rows && b.shape[1] == config.width &&
                      (layout->items == 0 || b.shape[2] == layout->items);
    if (!is_flat && !fits) {
        const auto width = std::to_string(config.width);
        auto wanted = "the bytes of " + width + "x" + std::to_string(config.height) + " pixels";
        if (has_array)
            wanted = std::string("an array of ") + (layout->item_bytes == 2 ? "uint16" : "uint8") + " of the shape (" +
                     std::to_string(rows) + ", " + width +
                     (layout->items > 0 ? ", " + std::to_string(layout->items) : "") + "), or " + wanted;
        refuse("A frame of " + config.input_pixel_format + " is " + wanted + "; this array has the shape " +
               shape_of(b) + " and items of '" + (b.format ? b.format : "B") + "'.");
    }
    image_.first = static_cast<const std::uint8_t*>(b.buf);
    image_.planar = layout->planar;
    image_.rows = is_flat ? 1 : b.shape[0];
    image_.columns = is_flat ? b.shape[0] : b.shape[1];
    image_.items = is_flat ? 1 : std::max(layout->items, layout->item_bytes);
    image_.row_stride = is_flat ? image_.columns : b.strides[0];
    image_.column_stride = is_flat ? b.strides[0] : b.strides[1];
    image_.item_stride = !is_flat && layout->items > 0 ? b.strides[2] : 1;
    // Items of two bytes must lie at even addresses.
    const auto places = reinterpret_cast<std::uintptr_t>(b.buf) | static_cast<std::uintptr_t>(image_.row_stride);
    const bool aligned = layout->item_bytes == 1 || places % 2 == 0;
    direct_ = aligned && image_.direct();
    if (!direct_) return;
    bytes_ = {image_.first,
              static_cast<std::size_t>((image_.rows - 1) * image_.row_stride + image_.columns * image_.items)};
    stride_ = is_flat || layout->planar ? 0 : static_cast<int>(image_.row_stride);
    if (!copy) owner_ = queued_release(std::move(buffer_));
}

std::span<const std::uint8_t> StreamFrame::bytes() {
    if (!direct_ && packed_.empty()) packed_ = image_.packed();
    return direct_ ? bytes_ : std::span<const std::uint8_t>(packed_);
}

}  // namespace onetake::python
