#include "container/part_file.h"

#include "base/error.h"
#include "base/files.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace onetake {

namespace {

tl::unexpected<Error> name_exists(const std::string& path) {
    return fail(ErrorCode::already_exists,
                fmt::format("{} already exists and is never overwritten. Choose another name.", path));
}

// Whether a name has PartFile's form: "<prefix><process>-<number>.part".
bool is_part_of(std::string_view name, std::string_view prefix) {
    constexpr std::string_view kEnd = ".part";
    if (!name.starts_with(prefix) || !name.ends_with(kEnd) || name.size() <= prefix.size() + kEnd.size()) return false;
    const auto id = name.substr(prefix.size(), name.size() - prefix.size() - kEnd.size());
    return id.find_first_not_of("0123456789-") == std::string_view::npos && id.find('-') != std::string_view::npos;
}

}  // namespace

Status rename_file(const std::string& from, const std::string& to, bool replace) {
    if (replace) {
        if (::rename(from.c_str(), to.c_str()) != 0) return fail(file_error("Can't rename to", to, errno));
        return {};
    }
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno == EEXIST) return name_exists(to);
    if (errno != EINVAL && errno != ENOSYS) return fail(file_error("Can't rename to", to, errno));
    // A file system without RENAME_NOREPLACE (NFS, some FUSE): link() fails as well if the name exists.
    if (::link(from.c_str(), to.c_str()) != 0) {
        if (errno == EEXIST) return name_exists(to);
        return fail(file_error("Can't rename to", to, errno));
    }
    ::unlink(from.c_str());
    return {};
}

std::vector<std::string> remove_stale_parts(const std::string& path) {
    std::vector<std::string> removed;
    namespace fs = std::filesystem;
    const auto folder = fs::path(path).parent_path();
    const auto prefix = fs::path(path).filename().string() + ".";
    std::error_code ec;
    for (auto it = fs::directory_iterator(folder.empty() ? "." : folder, ec); !ec && it != fs::directory_iterator();
         it.increment(ec)) {
        const auto name = it->path().filename().string();
        if (!is_part_of(name, prefix)) continue;
        const UniqueFd part(::open(it->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (part && ::flock(part.get(), LOCK_EX | LOCK_NB) == 0 && ::unlink(it->path().c_str()) == 0)
            removed.push_back(it->path().string());
    }
    return removed;
}

PartFile::PartFile(UniqueFd fd, std::string path, std::string part_path, bool replace)
    : fd_(std::move(fd)),
      lock_(fd_.get()),
      path_(std::move(path)),
      part_path_(std::move(part_path)),
      replace_(replace) {}

Result<PartFile> PartFile::create(std::string path, bool replace) {
    static std::atomic<unsigned> counter{0};
    struct stat st {};
    if (!replace && ::lstat(path.c_str(), &st) == 0) return name_exists(path);
    remove_stale_parts(path);
    auto part_path = fmt::format("{}.{}-{}.part", path, ::getpid(), counter++);
    UniqueFd fd(::open(part_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return fail(file_error("Can't create", part_path, errno));
    return PartFile(std::move(fd), std::move(path), std::move(part_path), replace);
}

PartFile::~PartFile() {
    if (fd_) ::unlink(part_path_.c_str());
}

void PartFile::start_writeback() const {
    ::sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Status PartFile::commit() {
    // A file that replaces another keeps its permissions.
    if (struct stat old{};
        replace_ && ::stat(path_.c_str(), &old) == 0 && ::fchmod(fd_.get(), old.st_mode & 07777) != 0)
        return fail(file_error("Can't set the permissions of", part_path_, errno));
    if (::fsync(fd_.get()) != 0) return fail(file_error("Can't sync", part_path_, errno));
    ONETAKE_TRY(rename_file(part_path_, path_, replace_));
    lock_.reset();
    fd_.reset();
    const auto folder = std::filesystem::path(path_).parent_path().string();
    return sync_folder(AT_FDCWD, folder.empty() ? "." : folder);
}

Result<std::uint64_t> PartFile::size() const {
    struct stat st {};
    if (::fstat(fd_.get(), &st) != 0) return fail(file_error("Can't get the size of", part_path_, errno));
    return static_cast<std::uint64_t>(st.st_size);
}

}  // namespace onetake
