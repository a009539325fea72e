#include "profile.h"

#include "commands.h"
#include "suggest.h"

#include <onetake/flat_config.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <optional>

namespace onetake::cli {

namespace {

constexpr std::string_view kFlag = "--config";

[[noreturn]] void refuse(const std::string& message) {
    throw CLI::ValidationError(message);
}

/// The last value of --config.
std::optional<std::string> profile_of(const Args& args) {
    std::optional<std::string> path;
    const std::string with_value = std::string(kFlag) + "=";
    for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
        if (args[i] == kFlag && i + 1 < args.size()) path = args[i + 1];
        if (args[i].starts_with(with_value)) path = args[i].substr(with_value.size());
    }
    return path;
}

std::vector<CLI::ConfigItem> items_of(const std::string& path) {
    std::ifstream file(path);
    if (!file) refuse(fmt::format("{} {}: {}", kFlag, path, std::strerror(errno)));
    auto items = CLI::ConfigTOML().from_config(file);
    if (file.bad() || !file.eof()) refuse(fmt::format("{} {}: it can't be read", kFlag, path));
    std::erase_if(items, [](const auto& item) { return item.name == "++" || item.name == "--"; });
    return items;
}

/// "data_dir" and "data-dir" are the same key.
std::string option_name(std::string key) {
    std::replace(key.begin(), key.end(), '_', '-');
    return key;
}

/// The option of a key, by its long name.
const CLI::Option* option_of(const CommandLine& app, const std::string& name) {
    for (const auto* option : app.get_options()) {
        const auto& names = option->get_lnames();
        if (std::find(names.begin(), names.end(), name) != names.end()) return option;
    }
    return nullptr;
}

std::vector<std::string> field_names() {
    std::vector<std::string> names{"device", "store"};  // as flags are shown
    const FlatConfig config;
    visit_fields(
        config, [&names](const FieldInfo& info, const auto&) { names.push_back(option_name(std::string(info.name))); });
    return names;
}

bool is_flag(const CLI::Option& option) {
    return option.get_items_expected_max() == 0;
}

void add_value(const std::string& name, const std::string& value, Args& args) {
    if (!value.empty()) return args.push_back(fmt::format("--{}={}", name, value));
    args.insert(args.end(), {"--" + name, ""});
}

void add_arguments(const CLI::Option& option, const std::string& name, const CLI::ConfigItem& item,
                   const std::string& path, Args& args) {
    for (auto value : item.inputs) {
        if (!value.empty() && (value.front() == '"' || value.front() == '\''))
            refuse(fmt::format("{} {}: the text of {} has no end (a # begins a comment, also in quotes)", kFlag, path,
                               item.name));
        if (!is_flag(option)) {
            add_value(name, value, args);
            continue;
        }
        if (value != "true" && value != "false")
            refuse(fmt::format("{} {}: {} is {}; must be true or false", kFlag, path, item.name, value));
        const auto& names = option.get_lnames();
        const auto no = "no-" + name;
        const bool has_no = std::find(names.begin(), names.end(), no) != names.end();
        if (value == "true")
            args.push_back("--" + name);
        else if (has_no)
            args.push_back("--" + no);
    }
    if (item.inputs.empty() && !is_flag(option)) add_value(name, "", args);
}

}  // namespace

void add_profile_option(CommandLine& app) {
    if (app.get_option_no_throw(std::string(kFlag)) != nullptr) return;
    // Its value is read before the parsing.
    app.keep_for_help_all(app.add_option_function<std::string>(
                                 std::string(kFlag), [](const std::string&) {}, "read options from this TOML file")
                              ->type_name("FILE")
                              ->group("Files"));
}

Args with_profile(const CommandLine& app, Args args) {
    const auto path = app.get_option_no_throw(std::string(kFlag)) != nullptr ? profile_of(args) : std::nullopt;
    if (!path) return args;
    const auto all_fields = field_names();
    const auto command = app.get_name().substr(app.get_name().rfind(' ') + 1);
    Args front;
    for (const auto& item : items_of(*path)) {
        const auto section = item.parents.empty() ? std::string() : item.parents.front();
        if (item.parents.size() > 1 || (!section.empty() && find_command(section) == nullptr))
            refuse(fmt::format("{} {}: [{}] is no command{}", kFlag, *path, fmt::join(item.parents, "."),
                               did_you_mean(section, command_names())));
        if (!section.empty() && section != command) continue;
        const auto name = option_name(item.name);
        if (const auto* option = option_of(app, name); option != nullptr && name != kFlag.substr(2)) {
            add_arguments(*option, name, item, *path, front);
            continue;
        }
        // A key that other commands have is not wrong at the top level.
        if (section.empty() && std::find(all_fields.begin(), all_fields.end(), name) != all_fields.end()) continue;
        auto known = all_fields;
        for (const auto* option : app.get_options())
            for (const auto& own : option->get_lnames()) known.push_back(own);
        refuse(fmt::format("{} {}: {} has no option {}{}", kFlag, *path, app.get_name(), item.name,
                           did_you_mean(name, known)));
    }
    args.insert(args.begin(), front.begin(), front.end());
    return args;
}

}  // namespace onetake::cli
