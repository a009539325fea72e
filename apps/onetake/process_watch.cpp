#include "process_watch.h"

#include <cerrno>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace onetake::cli {

Result<ProcessWatch> ProcessWatch::of(pid_t process) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
    if (fd < 0)
        return fail(errno == ESRCH ? ErrorCode::not_found : ErrorCode::unsupported,
                    fmt::format("Can't watch process {}: {}. Give another with --parent, or 0 for none.", process,
                                std::generic_category().message(errno)));
    return ProcessWatch(fd);
}

ProcessWatch::ProcessWatch(ProcessWatch&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ProcessWatch::~ProcessWatch() {
    if (fd_ >= 0) ::close(fd_);
}

bool ProcessWatch::wait(int timeout_ms) const {
    pollfd ended{fd_, POLLIN, 0};
    return ::poll(&ended, 1, timeout_ms) > 0;
}

}  // namespace onetake::cli
