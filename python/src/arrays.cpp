#include "arrays.h"

#include "bindings.h"
#include "errors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>

namespace onetake::python {

namespace {

struct ReleaseQueue {
    std::mutex mutex;
    std::vector<std::unique_ptr<PyBuffer>> buffers;
};

ReleaseQueue*& release_queue() {
    static auto* queue = new ReleaseQueue;  // never destroyed: threads may outlive the module
    return queue;
}

[[noreturn]] void refuse(const std::string& message) {
    raise({ErrorCode::invalid_argument, message});
}

}  // namespace

std::string shape_of(const Py_buffer& array) {
    std::string text = "(";
    for (int i = 0; i < array.ndim; ++i) text += (i ? ", " : "") + std::to_string(array.shape[i]);
    return text + (array.ndim == 1 ? ",)" : ")");
}

PyBuffer::PyBuffer(nb::handle object, const char* what) {
    nb::object array = nb::borrow(object);
    if (!PyObject_CheckBuffer(object.ptr())) array = nb::module_::import_("numpy").attr("asarray")(object);
    if (PyObject_GetBuffer(array.ptr(), &view_, PyBUF_STRIDED_RO | PyBUF_FORMAT) == 0) return;
    PyErr_Clear();
    refuse(std::string(what) + " is no array of numbers: " + nb::repr(object.type()).c_str() + ".");
}

char PyBuffer::item() const {
    const std::string_view format = view_.format ? view_.format : "B";
    if (format.size() == 1) return format[0];
    if (format.size() == 2 && (format[0] == '@' || format[0] == '=' || format[0] == '<')) return format[1];
    return 0;
}

std::span<const std::uint8_t> packet_in(const PyBuffer& buffer) {
    const auto& b = buffer.view();
    if (b.ndim == 0 || PyBuffer_IsContiguous(&b, 'C') == 0)
        refuse("A pushed packet is bytes, or another contiguous buffer.");
    return {static_cast<const std::uint8_t*>(b.buf), static_cast<std::size_t>(b.len)};
}

PushedImage image_in(const PyBuffer& buffer, ImageFormat format) {
    const auto& b = buffer.view();
    const bool bytes = b.itemsize == 1 && (buffer.item() == 'B' || buffer.item() == 'c');
    if (!bytes)
        refuse("An image must be of uint8; this array's items are '" + std::string(b.format ? b.format : "B") +
               "'. Convert it, for example with .astype(numpy.uint8).");
    PushedImage image;
    image.first = static_cast<const std::uint8_t*>(b.buf);
    if (b.ndim == 1) {
        image.is_jpeg = true;
        image.rows = 1;
        image.columns = b.shape[0];
        image.column_stride = b.strides[0];
        if (image.columns == 0) refuse("There are no bytes in the pushed JPEG.");
        return image;
    }
    const bool colour = format == ImageFormat::bgr || format == ImageFormat::rgb;
    if (colour ? b.ndim != 3 || b.shape[2] != 3 : b.ndim != 2)
        refuse("An image array has the shape " + std::string(colour ? "(height, width, 3)" : "(rows, width)") +
               "; this one has " + shape_of(b) + "." +
               (b.ndim == 3 && b.shape[2] == 4 ? " Leave out the fourth channel: image[:, :, :3]." : "") +
               (b.ndim == 2 && colour ? " For one channel, push with format=\"gray\"." : ""));
    image.rows = b.shape[0];
    image.columns = b.shape[1];
    image.row_stride = b.strides[0];
    image.column_stride = b.strides[1];
    if (colour) {
        image.items = 3;
        image.item_stride = b.strides[2];
    }
    if (image.rows == 0 || image.columns == 0) refuse("The image is empty: its shape is " + shape_of(b) + ".");
    constexpr auto kMost = std::numeric_limits<int>::max() / 4;
    if (image.rows > kMost || image.columns > kMost) refuse("The image is too large: " + shape_of(b) + ".");
    image.view.format = format;
    image.view.width = static_cast<int>(image.columns);
    image.view.height = static_cast<int>(image.rows);
    if (format == ImageFormat::nv12 || format == ImageFormat::i420) {
        if (image.rows % 3 != 0 || image.columns % 2 != 0)
            refuse("An NV12 or I420 array has the shape (height * 3 / 2, width), both even; this one has " +
                   shape_of(b) + ".");
        image.view.height = static_cast<int>(image.rows / 3 * 2);
        image.planar = format == ImageFormat::i420;
    }
    if (image.direct()) {
        image.view.stride = static_cast<int>(image.row_stride);
        image.view.pixels = {
            image.first, static_cast<std::size_t>((image.rows - 1) * image.row_stride + image.columns * image.items)};
    }
    return image;
}

bool PushedImage::direct() const {
    const bool dense = item_stride == 1 && column_stride == items;
    const bool padded_planes = planar && row_stride != columns;  // the chroma would be elsewhere
    return dense && !padded_planes && row_stride >= columns * items && row_stride <= std::numeric_limits<int>::max();
}

std::vector<std::uint8_t> PushedImage::packed() const {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(rows * columns * items));
    auto* to = bytes.data();
    for (Py_ssize_t y = 0; y < rows; ++y) {
        const auto* row = first + y * row_stride;
        if (item_stride == 1 && column_stride == items) {
            to = std::copy_n(row, columns * items, to);
            continue;
        }
        for (Py_ssize_t x = 0; x < columns; ++x)
            for (Py_ssize_t i = 0; i < items; ++i) *to++ = row[x * column_stride + i * item_stride];
    }
    return bytes;
}

ImageFormat image_format(std::string_view name) {
    if (name == "bgr") return ImageFormat::bgr;
    if (name == "rgb") return ImageFormat::rgb;
    if (name == "gray") return ImageFormat::gray;
    if (name == "nv12") return ImageFormat::nv12;
    if (name == "i420") return ImageFormat::i420;
    refuse("There is no image format '" + std::string(name) + "'; there are bgr, rgb, gray, nv12 and i420.");
}

std::shared_ptr<const void> queued_release(std::unique_ptr<PyBuffer> buffer) {
    return {buffer.release(), [](const PyBuffer* released) {
                auto& queue = *release_queue();
                const std::lock_guard lock(queue.mutex);
                queue.buffers.emplace_back(const_cast<PyBuffer*>(released));
            }};
}

void release_queued() {
    std::vector<std::unique_ptr<PyBuffer>> released;
    auto& queue = *release_queue();
    const std::lock_guard lock(queue.mutex);
    released.swap(queue.buffers);
}

void replace_release_queue_after_fork() {
    release_queue() = new ReleaseQueue;
}

void bind_arrays(nb::module_& m) {
    m.def("release_queued", &release_queued);
}

}  // namespace onetake::python
