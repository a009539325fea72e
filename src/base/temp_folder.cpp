#include "base/temp_folder.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace onetake {

Result<TempFolder> TempFolder::create(const std::string& parent) {
    std::error_code ignored;
    auto folder = parent.empty() ? std::filesystem::temp_directory_path(ignored).string() : parent;
    if (folder.empty()) folder = "/tmp";
    auto path = folder + "/onetake-work-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return fail(file_error("Can't create a folder in", folder, errno));
    return TempFolder(std::move(path));
}

TempFolder::TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempFolder::~TempFolder() {
    if (path_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace onetake
