#pragma once

#include <onetake/result.h>

#include <string>
#include <string_view>

namespace onetake {

/// An Error for a failed system call on a file: code from `error_number`, message "<what> <path>: <reason>. <next
/// step>".
Error file_error(std::string_view what, std::string_view path, int error_number);

/// The system's message for an errno value. Thread-safe.
std::string errno_text(int error_number);

}  // namespace onetake

/// Evaluates a Status or Result expression and returns its error from the enclosing function if it failed.
#define ONETAKE_TRY(expression)                                        \
    do {                                                               \
        if (auto onetake_status = (expression); !onetake_status)       \
            return ::onetake::fail(std::move(onetake_status).error()); \
    } while (false)
