#include "base/files.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace onetake {

namespace {

constexpr std::size_t kAtomicBuffer = 1 << 16;

std::string parent_of(const std::string& path) {
    auto parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

}  // namespace

bool is_deleted(int fd) {
    struct stat st {};
    return ::fstat(fd, &st) == 0 && st.st_nlink == 0;
}

AppendFile::AppendFile(UniqueFd fd, std::string path, std::uint64_t size)
    : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

Result<AppendFile> AppendFile::create(int dir_fd, std::string path) {
    UniqueFd fd(::openat(dir_fd, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd) return fail(file_error("Can't create", path, errno));
    return AppendFile(std::move(fd), std::move(path), 0);
}

Result<AppendFile> AppendFile::open_end(std::string path) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fail(file_error("Can't open", path, errno));
    return adopt(std::move(fd), std::move(path));
}

Result<AppendFile> AppendFile::adopt(UniqueFd fd, std::string path) {
    const auto end = ::lseek(fd.get(), 0, SEEK_END);
    if (end < 0) return fail(file_error("Can't seek in", path, errno));
    return AppendFile(std::move(fd), std::move(path), static_cast<std::uint64_t>(end));
}

Status AppendFile::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto n = ::write(fd_.get(), bytes.data(), bytes.size());
        if (n < 0) {
            if (errno == EINTR) continue;
            return fail(file_error("Can't write to", path_, errno));
        }
        size_ += static_cast<std::uint64_t>(n);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Status AppendFile::write(std::string_view text) {
    return write(std::as_bytes(std::span(text)));
}

Status AppendFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0) {
            if (errno == EINTR) continue;
            return fail(file_error("Can't write to", path_, errno));
        }
        offset += static_cast<std::uint64_t>(n);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Status AppendFile::sync() {
    if (::fdatasync(fd_.get()) != 0) return fail(file_error("Can't sync", path_, errno));
    return {};
}

Status AppendFile::truncate(std::uint64_t size) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return fail(file_error("Can't truncate", path_, errno));
    if (::lseek(fd_.get(), static_cast<off_t>(size), SEEK_SET) < 0)
        return fail(file_error("Can't seek in", path_, errno));
    size_ = size;
    return {};
}

AtomicFile::AtomicFile(int dir_fd, AppendFile file, std::string path)
    : dir_fd_(dir_fd), file_(std::move(file)), path_(std::move(path)) {}

Result<AtomicFile> AtomicFile::create(int dir_fd, std::string path) {
    static std::atomic<unsigned> counter{0};
    auto file = AppendFile::create(dir_fd, fmt::format("{}.{}-{}.tmp", path, ::getpid(), counter++));
    if (!file) return fail(std::move(file).error());
    return AtomicFile(dir_fd, std::move(*file), std::move(path));
}

AtomicFile::~AtomicFile() {
    if (!done_ && file_.fd() >= 0) ::unlinkat(dir_fd_, file_.path().c_str(), 0);
}

Status AtomicFile::write(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < kAtomicBuffer ? Status{} : flush();
}

Status AtomicFile::flush() {
    auto status = file_.write(buffer_);
    buffer_.clear();
    return status;
}

Status AtomicFile::commit() {
    ONETAKE_TRY(flush());
    ONETAKE_TRY(file_.sync());
    if (::renameat(dir_fd_, file_.path().c_str(), dir_fd_, path_.c_str()) != 0)
        return fail(file_error("Can't rename to", path_, errno));
    done_ = true;
    return sync_folder(dir_fd_, parent_of(path_));
}

Status sync_folder(int dir_fd, const std::string& path) {
    UniqueFd fd(::openat(dir_fd, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return fail(file_error("Can't open the folder", path, errno));
    if (::fsync(fd.get()) != 0 && errno != EINVAL) return fail(file_error("Can't sync the folder", path, errno));
    return {};
}

Status make_folders(const std::string& path) {
    std::error_code ec;
    std::filesystem::create_directories(path, ec);
    if (ec) return fail(file_error("Can't create the folder", path, ec.value()));
    return {};
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    std::string bytes;
    ONETAKE_TRY(read_file_into(AT_FDCWD, path, limit, bytes));
    return bytes;
}

Status read_file_into(int dir_fd, const std::string& path, std::size_t limit, std::string& bytes) {
    bytes.clear();
    UniqueFd fd(::openat(dir_fd, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return fail(file_error("Can't open", path, errno));
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return fail(file_error("Can't read", path, errno));
    if (!S_ISREG(st.st_mode)) return fail(ErrorCode::corrupt, fmt::format("{} is not a regular file.", path));
    if (static_cast<std::uint64_t>(st.st_size) > limit)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} has {} bytes, more than the {} allowed here.", path, st.st_size, limit));
    bytes.resize(static_cast<std::size_t>(st.st_size));
    std::size_t have = 0;
    while (have < bytes.size()) {
        const auto n = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file_error("Can't read", path, errno));
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return {};
}

Result<DiskRoom> disk_room(int fd, const std::string& path) {
    struct statvfs fs {};
    if (::fstatvfs(fd, &fs) != 0) return fail(file_error("Can't query the free space of", path, errno));
    DiskRoom room;
    room.bytes = static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
    if (fs.f_files > 0) room.files = fs.f_favail;
    return room;
}

}  // namespace onetake
