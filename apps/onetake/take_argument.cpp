#include "take_argument.h"

#include <filesystem>

namespace onetake::cli {

TakeArgument take_argument(std::string text, const std::string& data_dir) {
    namespace fs = std::filesystem;
    const auto is_take = [](const fs::path& folder) {
        std::error_code ignored;
        return fs::exists(folder / "timeline.jsonl", ignored);
    };
    auto trimmed = text;
    while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
    const fs::path path(trimmed);
    const auto name = path.filename().string();
    // A name in the data folder comes first: "keep/" is one that a shell has completed.
    if (!path.has_parent_path() && is_take(fs::path(data_dir) / path)) return {data_dir, trimmed};
    if (trimmed != text || path.has_parent_path())
        if (is_take(path)) return {path.has_parent_path() ? path.parent_path().string() : ".", name};
    return {data_dir, text};
}

}  // namespace onetake::cli
