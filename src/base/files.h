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

/// Whether an open file or folder has no name any more: what is written to it is lost.
bool is_deleted(int fd);

/// A file that is written from front to back. Thread-bound.
class AppendFile {
 public:
    /// Makes a new file; fails if the path exists. `dir_fd`: folder that a relative path is under, AT_FDCWD for none.
    static Result<AppendFile> create(int dir_fd, std::string path);
    /// Opens an existing file to go on at its end.
    static Result<AppendFile> open_end(std::string path);
    /// Goes on at the end of a file that is open for writing; `path` is for messages.
    static Result<AppendFile> adopt(UniqueFd fd, std::string path);

    /// Writes all of it or fails; after a failure size() tells what got in.
    Status write(std::span<const std::byte> bytes);
    Status write(std::string_view text);
    /// Overwrites bytes that were written before, leaving size() as it is.
    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    /// Waits until the file's data are on the disk.
    Status sync();
    /// Cuts the file to `size` bytes.
    Status truncate(std::uint64_t size);
    std::uint64_t size() const { return size_; }
    /// Whether the file has no name any more.
    bool deleted() const { return is_deleted(fd_.get()); }
    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }

 private:
    AppendFile(UniqueFd fd, std::string path, std::uint64_t size);

    UniqueFd fd_;
    std::string path_;
    std::uint64_t size_ = 0;
};

/// A file that appears at `path` whole or not at all: written beside it under a name of its own, synced, renamed, and
/// the folder synced. Dropped without commit(), it leaves nothing behind.
class AtomicFile {
 public:
    /// `dir_fd`: folder that a relative path is under, which must outlive the file; AT_FDCWD for none.
    static Result<AtomicFile> create(int dir_fd, std::string path);
    AtomicFile(AtomicFile&&) noexcept = default;
    AtomicFile& operator=(AtomicFile&&) noexcept = delete;
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    /// Buffered; errors may show at a later write or at commit().
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

/// Waits until a folder's entries (creations, renames) are on the disk. `dir_fd`: as above.
Status sync_folder(int dir_fd, const std::string& path);

/// Makes a folder and its parents; an existing folder is no error.
Status make_folders(const std::string& path);

/// Reads at most `limit` bytes; a larger file is an error, not a cut.
Result<std::string> read_file(const std::string& path, std::size_t limit);

/// Reads a file whole into `bytes` (its capacity is reused), at most `limit` bytes; never follows a symbolic link.
Status read_file_into(int dir_fd, const std::string& path, std::size_t limit, std::string& bytes);

/// What an unprivileged program may still put on a file system.
struct DiskRoom {
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> files;  ///< empty where the file system sets no number
};
/// Of the file system that an open file or folder is on; `path` is for messages.
Result<DiskRoom> disk_room(int fd, const std::string& path);

}  // namespace onetake
