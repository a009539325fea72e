#include "take/disk_reserve.h"

#include "base/unique_fd.h"
#include "take/take_files.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>

namespace onetake {

namespace {

Error disk_full_error(std::uint64_t bytes) {
    return {ErrorCode::no_space, fmt::format("The disk has less than {} kB left, which closing the take needs. Free "
                                             "space there, or choose another folder.",
                                             (bytes + 999) / 1000)};
}

}  // namespace

Status DiskReserve::keep(std::uint64_t bytes) {
    if (released_) return {};
    if (reserved_ < bytes) {
        UniqueFd fd(::openat(dir_fd_, kReserveName, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
        int failed = fd ? 0 : errno;
        if (fd && ::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) != 0) failed = errno;
        if (failed == ENOSPC || failed == EDQUOT) return fail(disk_full_error(bytes));
        if (failed == 0) reserved_ = bytes;
    }
    if (reserved_ > 0) return {};
    struct statvfs fs {};
    if (::fstatvfs(dir_fd_, &fs) == 0 && static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize < bytes)
        return fail(disk_full_error(bytes));
    return {};
}

void DiskReserve::release() {
    if (!released_) ::unlinkat(dir_fd_, kReserveName, 0);
    released_ = true;
}

}  // namespace onetake
