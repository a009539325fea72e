#pragma once

#include "base/error.h"
#include "base/unique_fd.h"
#include "take/take_files.h"

#include <cstdint>
#include <functional>
#include <string>

namespace onetake {

/// An open take's folder, through which everything in it is reached. Symbolic links are never followed, neither the
/// take itself nor anything below it, so a take from elsewhere can't lead out of its folder. Thread-compatible.
class TakeDir {
 public:
    /// Errors: not_found; refused for a symbolic link or something that is no folder.
    static Result<TakeDir> open(const std::string& folder);

    /// Opens a file below the take, "v2/frames/f_000001.jpg". Errors: not_found; refused for what is no regular file.
    Result<UniqueFd> open_file(const std::string& relative, int flags) const;
    /// Opens a folder below the take.
    Result<UniqueFd> open_folder(const std::string& relative) const;
    /// Makes a folder below the take, and those it is in, where they are missing, and opens it.
    Result<UniqueFd> make_folder(const std::string& relative) const;

    int fd() const { return fd_.get(); }
    const std::string& folder() const { return folder_; }
    /// `relative` for messages.
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
/// The regular files of an open folder, one after the other, in no order; links are left out.
void for_each_file(int dir_fd, const std::function<void(const FileEntry&)>& on);

/// Takes the exclusive lock that says "being recorded" on an open journal. Errors: wrong_state if another process
/// holds it.
Status lock_journal(int fd, const std::string& take_folder);

}  // namespace onetake
