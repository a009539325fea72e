#include "base/error.h"

#include <cerrno>
#include <fmt/format.h>
#include <system_error>

namespace onetake {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
            return "invalid_argument";
        case ErrorCode::wrong_state:
            return "wrong_state";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::already_exists:
            return "already_exists";
        case ErrorCode::device_unavailable:
            return "device_unavailable";
        case ErrorCode::device_busy:
            return "device_busy";
        case ErrorCode::unsupported:
            return "unsupported";
        case ErrorCode::refused:
            return "refused";
        case ErrorCode::corrupt:
            return "corrupt";
        case ErrorCode::no_space:
            return "no_space";
        case ErrorCode::io:
            return "io";
        case ErrorCode::timed_out:
            return "timed_out";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::missing_part:
            return "missing_part";
        case ErrorCode::internal:
            return "internal";
    }
    return "unknown";
}

std::string errno_text(int error_number) {
    return std::generic_category().message(error_number);
}

Error file_error(std::string_view what, std::string_view path, int error_number) {
    auto error = [&](ErrorCode code, std::string_view next) {
        return Error{code, fmt::format("{} {}: {}.{}", what, path, errno_text(error_number), next)};
    };
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            return error(ErrorCode::no_space, " Free space there, or choose another folder.");
        case EFBIG:
            return error(ErrorCode::no_space, " Check the file size limit (ulimit -f), or choose another folder.");
        case EACCES:
        case EPERM:
            return error(ErrorCode::io, " Check the folder's owner and permissions, or choose another folder.");
        case EROFS:
            return error(ErrorCode::io, " Choose a writable folder.");
        case ENOENT:
            return error(ErrorCode::not_found, "");
        case EEXIST:
            return error(ErrorCode::already_exists, "");
        case EMFILE:
        case ENFILE:
            return error(ErrorCode::io, " Raise the open file limit (ulimit -n).");
        default:
            return error(ErrorCode::io, "");
    }
}

}  // namespace onetake
