#pragma once

#include "arrays.h"

#include <onetake/result.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace onetake::python {

/// Audio that Python gives to a recorder: int16 or float of the shape (n,) or (n, channels), with any strides. Made and
/// destroyed with the GIL.
class GivenAudio {
 public:
    /// `channels`: of the track; unset: unknown. Raises invalid_argument for what is no audio, or has other channels.
    GivenAudio(nb::handle samples, std::optional<int> channels);

    /// Calls `push` with the samples, interleaved: a span of std::int16_t or of float. Needs no GIL.
    template <class Push>
    Status pass_to(Push&& push) {
        if (item_ == 'h') return push(in_order<std::int16_t, std::int16_t>());
        if (item_ == 'f') return push(in_order<float, float>());
        return push(in_order<float, double>());
    }

 private:
    template <class To, class From>
    std::span<const To> in_order();

    PyBuffer buffer_;
    char item_;  // 'h', 'f' or 'd'
    Py_ssize_t channels_ = 1, channel_stride_ = 0;
    std::vector<std::int16_t> ints_;  // what in_order() returned, if not the array's own memory
    std::vector<float> floats_;
};

}  // namespace onetake::python
