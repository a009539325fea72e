#include "inspect/output_file.h"

#include "codec/av_log.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string_view>
#include <sys/stat.h>

namespace onetake {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kTagKey = "onetake";  // its value: the version of the tag
constexpr int kTagVersion = 1;

std::string text_of(const ordered_json& object, const char* key) {
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

std::string take_identity(const TakeRecord& take) {
    return take.id.empty() ? fmt::format("{}/{}", take.created, to_ns(take.start)) : take.id;
}

std::string output_file_tag(const OutputFileInfo& info, const TakeRecord& take) {
    const ordered_json tag{
        {kTagKey, kTagVersion},      {"take", info.take},
        {"name", take.name},         {"program", take.program},
        {"complete", info.complete}, {"audio", info.audio},
        {"model", info.model},       {"settings", ordered_json::parse(info.settings, nullptr, false)}};
    return tag.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::optional<OutputFile> read_output_file(const std::string& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) return std::nullopt;
    route_av_log();  // a damaged file's messages go to the log
    OutputFile file;
    file.info.path = path;
    auto facts = read_file_facts(path);
    if (!facts) return file;
    file.facts = std::move(*facts);
    file.readable = true;
    const auto tag = ordered_json::parse(file.facts.comment, nullptr, false);
    if (!tag.is_object() || !tag.contains(kTagKey)) return file;
    file.info.take = text_of(tag, "take");
    file.info.audio = text_of(tag, "audio");
    file.info.model = text_of(tag, "model");
    if (const auto it = tag.find("complete"); it != tag.end() && it->is_boolean()) file.info.complete = *it;
    if (const auto it = tag.find("settings"); it != tag.end() && it->is_object()) file.info.settings = it->dump();
    return file;
}

}  // namespace onetake
