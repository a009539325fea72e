#pragma once

#include <onetake/result.h>

#include <nanobind/nanobind.h>
#include <utility>

namespace onetake::python {

namespace nb = nanobind;

/// Raises the error as the exception class of its code (onetake/_errors.py). Needs the GIL.
[[noreturn]] void raise(const Error& error);

/// The value of a result, or its error as an exception. Needs the GIL.
template <class T>
T value(Result<T> result) {
    if (!result) raise(result.error());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace onetake::python
