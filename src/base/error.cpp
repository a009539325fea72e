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
    auto say = [&](ErrorCode code, std::string_view next) {
        return Error{code, fmt::format("{} {}: {}.{}", what, path, errno_text(error_number), next)};
    };
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            return say(ErrorCode::no_space, " Free space there, or choose another folder.");
        case EFBIG:
            return say(ErrorCode::no_space,
                       " Look at the limit on the size of files (ulimit -f), or choose another folder.");
        case EACCES:
        case EPERM:
            return say(ErrorCode::io, " Check who owns the folder, or choose another one.");
        case EROFS:
            return say(ErrorCode::io, " Choose a folder that can be written to.");
        case ENOENT:
            return say(ErrorCode::not_found, "");
        case EEXIST:
            return say(ErrorCode::already_exists, "");
        case EMFILE:
        case ENFILE:
            return say(ErrorCode::io, " Raise the limit of open files (ulimit -n).");
        default:
            return say(ErrorCode::io, "");
    }
}

}  // namespace onetake
