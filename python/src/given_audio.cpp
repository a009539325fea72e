#include "given_audio.h"

#include "errors.h"

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

namespace onetake::python {

GivenAudio::GivenAudio(nb::handle samples, std::optional<int> channels)
    : buffer_(samples, "The pushed audio"), item_(buffer_.item()) {
    const auto& b = buffer_.view();
    const bool is_int = item_ == 'h' && b.itemsize == 2;
    if (!is_int && item_ != 'f' && item_ != 'd')
        raise({ErrorCode::invalid_argument, std::string("Audio must be of int16 or float; this array's items are '") +
                                                (b.format ? b.format : "B") + "'."});
    if (b.ndim < 1 || b.ndim > 2)
        raise({ErrorCode::invalid_argument,
               "Audio has the shape (n,) or (n, channels), not " + std::to_string(b.ndim) + " dimensions."});
    if (b.ndim == 2 && channels && b.shape[1] != *channels)
        raise({ErrorCode::invalid_argument, "The pushed audio has " + std::to_string(b.shape[1]) +
                                                " channels in an array of the shape (n, channels); the track has " +
                                                std::to_string(*channels) + "."});
    channels_ = b.ndim == 2 ? b.shape[1] : 1;
    channel_stride_ = b.ndim == 2 ? b.strides[1] : b.itemsize;
}

template <class To, class From>
std::span<const To> GivenAudio::in_order() {
    const auto& b = buffer_.view();
    const auto count = static_cast<std::size_t>(b.shape[0] * channels_);
    if constexpr (std::is_same_v<To, From>) {
        const bool dense = channel_stride_ == b.itemsize && b.strides[0] == channels_ * b.itemsize;
        const bool aligned = reinterpret_cast<std::uintptr_t>(b.buf) % alignof(To) == 0;
        if (dense && aligned) return {static_cast<const To*>(b.buf), count};
    }
    auto& all = [this]() -> std::vector<To>& {
        if constexpr (std::is_same_v<To, float>)
            return floats_;
        else
            return ints_;
    }();
    all.reserve(count);
    for (Py_ssize_t i = 0; i < b.shape[0]; ++i)
        for (Py_ssize_t c = 0; c < channels_; ++c) {
            From sample;  // its address need not be a multiple of its size
            std::memcpy(&sample, static_cast<const std::byte*>(b.buf) + i * b.strides[0] + c * channel_stride_,
                        sizeof sample);
            all.push_back(static_cast<To>(sample));
        }
    return all;
}

template std::span<const std::int16_t> GivenAudio::in_order<std::int16_t, std::int16_t>();
template std::span<const float> GivenAudio::in_order<float, float>();
template std::span<const float> GivenAudio::in_order<float, double>();

}  // namespace onetake::python
