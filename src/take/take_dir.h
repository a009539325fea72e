#pragma once

#include "base/error.h"
#include "base/unique_fd.h"
#include "take/take_files.h"

#include <cstdint>
#include <functional>
#include <string>

namespace onetake {

/// An open take's folder; all files of the take are opened relative to it. Symbolic links are never followed, neither
/// for the take nor below it, so an untrusted take can't refer outside its folder. Thread-compatible.
class TakeDir {
 public:
    /// Errors: not_found; refused for a symbolic link or anything but a folder.
    static Result<TakeDir> open(const std::string& folder);

    /// Opens a file in the take, "v2/frames/f_000001.jpg". Errors: not_found; refused for anything but a regular file.
    Result<UniqueFd> open_file(const std::string& relative, int flags) const;
    /// Opens a folder in the take.
    Result<UniqueFd> open_folder(const std::string& relative) const;
    /// Opens a folder in the take, creating it and its parents if missing.
    Result<UniqueFd> make_folder(const std::string& relative) const;

    int fd() const { return fd_.get(); }
    const std::string& folder() const { return folder_; }
    /// The full path of `relative`, for messages.
    std::string path(const std::string& relative) const;

 private:
    TakeDir(UniqueFd fd, std::string folder) : fd_(std::move(fd)), folder_(std::move(folder)) {}
    Result<UniqueFd> walk(const std::string& relative, bool make) const;

    UniqueFd fd_;
    std::string folder_;
};

struct FileEntry {
    std::string name;
    std::uint64_t bytes = 0;
};
/// Calls `on` for each regular file of an open folder, in no particular order; links are skipped.
void for_each_file(int dir_fd, const std::function<void(const FileEntry&)>& on);

/// Takes the exclusive lock on an open journal that marks the take as being recorded. Errors: wrong_state if another
/// process holds it.
Status lock_journal(int fd, const std::string& take_folder);

}  // namespace onetake
