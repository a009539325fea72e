#pragma once

#include "base/fork_guard.h"
#include "base/unique_fd.h"

#include <onetake/result.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

/// Removes parts of the file at `path` that killed programs left; one that is being written is locked, and stays.
/// Returns the paths of those removed.
std::vector<std::string> remove_stale_parts(const std::string& path);

/// Renames a file. Unless `replace`, a file that has the name `to` is kept, on every file system: already_exists.
Status rename_file(const std::string& from, const std::string& to, bool replace);

/// An output file that a library writes by name: it has a temporary name until commit() renames it. If destroyed
/// before, the file is removed. Thread-bound.
class PartFile {
 public:
    /// Creates the empty file. Errors: already_exists unless `replace`; those of the folder.
    static Result<PartFile> create(std::string path, bool replace);
    PartFile(PartFile&&) noexcept = default;
    PartFile& operator=(PartFile&&) noexcept = delete;
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;
    ~PartFile();

    const std::string& path() const { return path_; }
    /// Where to write until commit().
    const std::string& part_path() const { return part_path_; }
    int fd() const { return fd_.get(); }

    /// Starts writing dirty pages to the disk, without waiting, so that commit() has little left to sync.
    void start_writeback() const;
    /// Syncs the file, renames it, and syncs the folder. A file that it replaces hands on its permissions.
    Status commit();
    /// Current size in bytes.
    Result<std::uint64_t> size() const;

 private:
    PartFile(UniqueFd fd, std::string path, std::string part_path, bool replace);

    UniqueFd fd_;
    ForkGuard lock_;
    std::string path_, part_path_;
    bool replace_;
};

}  // namespace onetake
