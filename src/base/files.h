#pragma once

#include "base/error.h"
#include "base/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace onetake {

/// Whether an open file or folder has been unlinked: what is written to it is lost.
bool is_deleted(int fd);

/// An append-only file. Thread-bound.
class AppendFile {
 public:
    /// Creates a file; fails if the path exists. `dir_fd`: folder that a relative path is resolved against, or
    /// AT_FDCWD.
    static Result<AppendFile> create(int dir_fd, std::string path);
    /// Opens an existing file for appending.
    static Result<AppendFile> open_end(std::string path);
    /// Appends to a file that is open for writing; `path` is for messages.
    static Result<AppendFile> adopt(UniqueFd fd, std::string path);

    /// Writes all bytes or fails; after a failure size() includes what was written.
    Status write(std::span<const std::byte> bytes);
    Status write(std::string_view text);
    /// Overwrites bytes already written; size() doesn't change.
    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    /// Blocks until the file's data is on disk.
    Status sync();
    /// Truncates the file to `size` bytes.
    Status truncate(std::uint64_t size);
    std::uint64_t size() const { return size_; }
    /// Whether the file has been unlinked.
    bool deleted() const { return is_deleted(fd_.get()); }
    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }

 private:
    AppendFile(UniqueFd fd, std::string path, std::uint64_t size);

    UniqueFd fd_;
    std::string path_;
    std::uint64_t size_ = 0;
};

/// A file that appears at `path` complete or not at all: written to a temporary file beside it, synced, renamed, and
/// the folder synced. Destroyed without commit(), it removes the temporary file.
class AtomicFile {
 public:
    /// `dir_fd`: folder that a relative path is resolved against, which must outlive the file, or AT_FDCWD.
    static Result<AtomicFile> create(int dir_fd, std::string path);
    AtomicFile(AtomicFile&&) noexcept = default;
    AtomicFile& operator=(AtomicFile&&) noexcept = delete;
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    /// Buffered; errors may be returned by a later write or by commit().
    Status write(std::string_view text);
    Status commit();

 private:
    AtomicFile(int dir_fd, AppendFile file, std::string path);
    Status flush();

    int dir_fd_;
    AppendFile file_;
    std::string path_;
    std::string buffer_;
    bool done_ = false;
};

/// Blocks until a folder's entries (creations, renames) are on disk. `dir_fd`: as above.
Status sync_folder(int dir_fd, const std::string& path);

/// Creates a folder and its parents; an existing folder is not an error.
Status make_folders(const std::string& path);

/// Reads a file of at most `limit` bytes; a larger one is an error, not truncated.
Result<std::string> read_file(const std::string& path, std::size_t limit);

/// Reads a complete file of at most `limit` bytes into `bytes` (its capacity is reused); never follows a symbolic link.
Status read_file_into(int dir_fd, const std::string& path, std::size_t limit, std::string& bytes);

/// Space left on a file system for an unprivileged program.
struct DiskRoom {
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> files;  ///< inodes; empty where the file system has no limit
};
/// For the file system of an open file or folder; `path` is for messages.
Result<DiskRoom> disk_room(int fd, const std::string& path);

}  // namespace onetake
