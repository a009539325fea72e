#pragma once

#include "base/error.h"

#include <string>

namespace onetake {

/// A temporary folder that only this user can access; removed with its contents when destroyed.
class TempFolder {
 public:
    /// Below `parent`, or below the system's temporary folder where that is empty.
    static Result<TempFolder> create(const std::string& parent = "");
    TempFolder(TempFolder&& other) noexcept;
    TempFolder& operator=(TempFolder&&) = delete;
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder();

    const std::string& path() const { return path_; }

 private:
    explicit TempFolder(std::string path) : path_(std::move(path)) {}

    std::string path_;  ///< empty: nothing to remove
};

}  // namespace onetake
