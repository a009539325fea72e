#include "help_format.h"

#include "units.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <vector>

namespace onetake::cli {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 27;  // where texts begin

/// "--fps N", "--[no-]audio", "-h, --help".
std::string shown_name(const CLI::Option& option) {
    const auto& longs = option.get_lnames();
    if (longs.empty()) return option.get_name(true);
    if (longs.size() == 2 && longs[1] == "no-" + longs[0]) return "--[no-]" + longs[0];
    std::string text = option.get_snames().empty() ? "" : fmt::format("-{}, ", option.get_snames()[0]);
    text += "--" + longs[0];
    if (const auto type = option.get_type_name(); !type.empty() && option.get_type_size() != 0) text += " " + type;
    return text;
}

std::string entry(const CLI::Option& option) {
    std::string name = "  " + shown_name(option);
    name += name.size() + 2 > kColumn ? fmt::format("\n{:{}}", "", kColumn) : std::string(kColumn - name.size(), ' ');
    return name + wrapped(option.get_description(), kWidth, kColumn) + "\n";
}

bool is_help(const CLI::App& app, const CLI::Option* option) {
    return option == app.get_help_ptr() || option == app.get_help_all_ptr();
}

}  // namespace

std::string help_text(CommandLine& app, HelpScope scope) {
    std::vector<std::string> groups;
    bool has_rare = false;
    std::string usage = app.get_name(), positionals, options;
    const auto all = app.get_options();
    for (const CLI::Option* option : all) {
        if (option->get_positional()) {
            const auto* dots = option->get_expected_max() > 1 ? "..." : "";
            usage += fmt::format(" [{}{}]", option->get_name(true), dots);
            positionals += entry(*option);
        }
        has_rare = has_rare || app.is_rare(option);
        if (std::find(groups.begin(), groups.end(), option->get_group()) == groups.end())
            groups.push_back(option->get_group());
    }
    const auto list = [&](auto&& wanted) {
        std::string text;
        for (const CLI::Option* option : all)
            if (!option->get_positional() && !is_help(app, option) && wanted(option)) text += entry(*option);
        return text;
    };
    if (scope == HelpScope::common) {
        options = list([&app](const auto* option) { return !app.is_rare(option); });
    } else {
        for (const auto& group : groups)
            if (const auto text = list([&](const auto* option) { return option->get_group() == group; }); !text.empty())
                options += fmt::format("{}{}:\n{}", options.empty() ? "" : "\n", group, text);
        options += "\n";
    }
    options += entry(*app.get_help_ptr());
    if (has_rare) options += entry(*app.get_help_all_ptr());
    return fmt::format("{}\nUsage: {} [options]\n\n{}{}\n{}\n", app.get_description(), usage, positionals, options,
                       app.get_footer());
}

}  // namespace onetake::cli
