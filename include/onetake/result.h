#pragma once

#include <onetake/export.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace onetake {

/// The kind of an error, for programs to decide on. The message has the details for people.
enum class ErrorCode {
    invalid_argument,    ///< a value out of range, a bad name, an unknown option
    wrong_state,         ///< start() while recording, stop() without start()
    not_found,           ///< no such device, take or file
    already_exists,      ///< the take's name is taken; nothing is ever overwritten
    device_unavailable,  ///< the device exists but can't be used (permission, unplugged, bandwidth)
    device_busy,         ///< another program uses the device
    unsupported,         ///< a format, codec or container that is not supported here
    refused,   ///< not accepted: a pushed frame or stamp (the take continues), a symbolic link, another user's take
    corrupt,   ///< damaged or malformed data
    no_space,  ///< the disk is full
    io,        ///< any other failure of a file or folder
    timed_out,
    cancelled,
    missing_part,  ///< an optional component that this build or machine lacks
    internal,      ///< a bug in onetake
};

ONETAKE_API std::string_view to_string(ErrorCode code);

/// An error as a value. The message names the device or file, the cause, and what to do next.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

/// Success without a value.
using Status = Result<void>;

/// `return fail(ErrorCode::not_found, "…");`
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Passes an error on to a caller with another value type.
inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace onetake
