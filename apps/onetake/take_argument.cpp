#include "take_argument.h"

#include "suggest.h"

#include <onetake/config.h>

#include <filesystem>
#include <fmt/format.h>
#include <vector>

namespace onetake::cli {

namespace {

/// The names of the folders beside `path`.
std::vector<std::string> folders_beside(const std::filesystem::path& path) {
    std::vector<std::string> names;
    std::error_code ec;
    const auto parent = path.parent_path();
    for (auto it = std::filesystem::directory_iterator(parent.empty() ? "." : parent, ec);
         !ec && it != std::filesystem::directory_iterator(); it.increment(ec))
        if (it->is_directory(ec)) names.push_back(it->path().filename().string());
    return names;
}

}  // namespace

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

Status check_data_dir(const std::string& data_dir) {
    std::error_code ignored;
    if (data_dir == RecorderConfig{}.data_dir || std::filesystem::is_directory(data_dir, ignored)) return {};
    return tl::unexpected(Error{
        ErrorCode::not_found,
        fmt::format("The folder {} does not exist{}", data_dir,
                    did_you_mean(std::filesystem::path(data_dir).filename().string(), folders_beside(data_dir)))});
}

std::string other_take_hint(const TakeArgument& take) {
    return did_you_mean(take.name, folders_beside(std::filesystem::path(take.data_dir) / take.name));
}

}  // namespace onetake::cli
