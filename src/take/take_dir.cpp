#include "take/take_dir.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

namespace onetake {

namespace {

// The errors for a symbolic link opened with O_NOFOLLOW and for a file opened as a folder.
bool is_wrong_kind(int error_number) {
    return error_number == ELOOP || error_number == ENOTDIR;
}

Error not_plain(const std::string& path, std::string_view expected) {
    return {ErrorCode::refused,
            fmt::format("{} is a symbolic link or not a {}; such a take is not opened.", path, expected)};
}

}  // namespace

Result<TakeDir> TakeDir::open(const std::string& folder) {
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (fd) return TakeDir(std::move(fd), folder);
    if (errno == ENOENT) return fail(ErrorCode::not_found, fmt::format("There is no take at {}.", folder));
    if (is_wrong_kind(errno)) return fail(not_plain(folder, "folder"));
    return fail(file_error("Can't open the take", folder, errno));
}

std::string TakeDir::path(const std::string& relative) const {
    return fmt::format("{}/{}", folder_, relative);
}

Result<UniqueFd> TakeDir::open_folder(const std::string& relative) const {
    return walk(relative, false);
}

Result<UniqueFd> TakeDir::make_folder(const std::string& relative) const {
    return walk(relative, true);
}

Result<UniqueFd> TakeDir::walk(const std::string& relative, bool make) const {
    UniqueFd at;
    for (std::size_t begin = 0; begin < relative.size();) {
        const auto end = std::min(relative.find('/', begin), relative.size());
        const auto part = relative.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty()) continue;
        const int parent = at ? at.get() : fd_.get();
        if (make && ::mkdirat(parent, part.c_str(), 0777) != 0 && errno != EEXIST)
            return fail(file_error("Can't create the folder", path(relative), errno));
        UniqueFd next(::openat(parent, part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
        if (!next) {
            if (is_wrong_kind(errno)) return fail(not_plain(path(relative), "folder"));
            return fail(file_error("Can't open the folder", path(relative), errno));
        }
        at = std::move(next);
    }
    if (!at) return fail(ErrorCode::internal, "A folder in a take needs a name.");
    return at;
}

Result<UniqueFd> TakeDir::open_file(const std::string& relative, int flags) const {
    const auto slash = relative.rfind('/');
    UniqueFd parent;
    if (slash != std::string::npos) {
        auto opened = open_folder(relative.substr(0, slash));
        if (!opened) return opened;
        parent = std::move(*opened);
    }
    const auto leaf = slash == std::string::npos ? relative : relative.substr(slash + 1);
    UniqueFd fd(::openat(parent ? parent.get() : fd_.get(), leaf.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) {
        if (is_wrong_kind(errno)) return fail(not_plain(path(relative), "regular file"));
        return fail(file_error("Can't open", path(relative), errno));
    }
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return fail(file_error("Can't read", path(relative), errno));
    if (!S_ISREG(st.st_mode)) return fail(not_plain(path(relative), "regular file"));
    return fd;
}

void for_each_file(int dir_fd, const std::function<void(const FileEntry&)>& on) {
    // A separate descriptor: reading a folder moves its position.
    const int fd = ::openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    DIR* folder = ::fdopendir(fd);
    if (folder == nullptr) {
        ::close(fd);
        return;
    }
    FileEntry file;
    while (const dirent* entry = ::readdir(folder)) {
        struct stat st {};
        if (::fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) continue;
        file.name = entry->d_name;
        file.bytes = static_cast<std::uint64_t>(st.st_size);
        on(file);
    }
    ::closedir(folder);
}

Status lock_journal(int fd, const std::string& take_folder) {
    // A check whether a take is being recorded holds the lock briefly, so retry before reporting a recorder.
    constexpr int kTries = 20;
    constexpr timespec kBetween{0, 10'000'000};
    for (int i = 0; i < kTries; ++i) {
        if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(file_error("Can't lock the journal of", take_folder, errno));
        ::nanosleep(&kBetween, nullptr);
    }
    return fail(ErrorCode::wrong_state,
                fmt::format("{} is being recorded by another process. Wait until it has finished.", take_folder));
}

}  // namespace onetake
