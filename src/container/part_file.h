#pragma once

#include "base/unique_fd.h"

#include <onetake/result.h>

#include <cstdint>
#include <string>

namespace onetake {

/// A file in the making that a library writes by name: it has a name of its own until commit() gives it the real one.
/// Dropped before, it leaves nothing behind. Thread-bound.
class PartFile {
 public:
    /// Makes the empty file. Errors: already_exists unless `replace`; those of the folder.
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

    /// Has what was written so far go to the disk without waiting for it, so that commit() finds little left to do.
    void start_writeback() const;
    /// Waits until everything is on the disk, gives the file its name, and syncs the folder.
    Status commit();
    /// Bytes it has now.
    Result<std::uint64_t> size() const;

 private:
    PartFile(UniqueFd fd, std::string path, std::string part_path, bool replace);

    UniqueFd fd_;
    std::string path_, part_path_;
    bool replace_;
};

}  // namespace onetake
