#pragma once

#include <onetake/image.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Python's arrays as media, and media as Python's arrays.
namespace onetake::python {

namespace nb = nanobind;

/// A vector as a numpy array that owns it: no copy.
template <class T>
nb::object numpy_array(std::vector<T> values, std::initializer_list<std::size_t> shape) {
    auto owned = std::make_unique<std::vector<T>>(std::move(values));
    nb::capsule owner(owned.get(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    T* data = owned.release()->data();
    return nb::cast(nb::ndarray<nb::numpy, T>(data, shape, owner));
}

/// The memory of a Python object, by the buffer protocol. Made and destroyed with the GIL.
class PyBuffer {
 public:
    /// Objects without the protocol are passed to numpy.asarray(). Raises invalid_argument for those that hold no
    /// array.
    PyBuffer(nb::handle object, const char* what);
    PyBuffer(const PyBuffer&) = delete;
    PyBuffer& operator=(const PyBuffer&) = delete;
    ~PyBuffer() { PyBuffer_Release(&view_); }

    const Py_buffer& view() const { return view_; }
    /// struct's letter of the items, in native byte order; 0 for others.
    char item() const;

 private:
    Py_buffer view_{};
};

/// The bytes of a packet: of a contiguous buffer. Raises invalid_argument for others.
std::span<const std::uint8_t> packet_in(const PyBuffer& buffer);

/// What push_video() was given: an image in the object's memory or packed into `copied`, or a JPEG. Checked for shape
/// and type only.
struct PushedImage {
    bool is_jpeg = false;
    bool planar = false;                          ///< planes of several widths, so that rows must not be padded
    ImageView view;                               ///< without pixels: they are in `copied`, once pack() was called
    const std::uint8_t* first = nullptr;          ///< of the array's item [0, 0, 0]
    Py_ssize_t rows = 0, columns = 0, items = 1;  ///< of the array; bytes are its items
    Py_ssize_t row_stride = 0, column_stride = 0, item_stride = 1;  ///< bytes, of any sign

    /// Whether the rows are contiguous and follow each other upwards, as ImageView needs it.
    bool direct() const;
    /// The bytes in order. Needs no GIL.
    std::vector<std::uint8_t> packed() const;
};

/// Describes `buffer` as an image of `format`. Raises invalid_argument for any other shape or type.
PushedImage image_in(const PyBuffer& buffer, ImageFormat format);

/// An array's shape, for messages: "(480, 640, 3)".
std::string shape_of(const Py_buffer& array);

/// "bgr", "rgb", "gray", "nv12", "i420". Raises invalid_argument for others.
ImageFormat image_format(std::string_view name);

/// A buffer that C++ may release on any thread: it is released at the next call of release_queued() then.
std::shared_ptr<const void> queued_release(std::unique_ptr<PyBuffer> buffer);
/// Releases what threads without the GIL have let go of. Needs the GIL.
void release_queued();
/// In a forked child: another queue; what the old one holds stays.
void replace_release_queue_after_fork();

}  // namespace onetake::python
