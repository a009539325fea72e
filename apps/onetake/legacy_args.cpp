#include "legacy_args.h"

#include <algorithm>
#include <array>

namespace onetake::cli {

namespace {

struct FlatFlag {
    std::string_view flag;
    std::string_view command;
    std::string_view option;  // added after the command
};
constexpr auto kFlatFlags = std::to_array<FlatFlag>({
    {"--process", "process", ""},
    {"--list-audio", "devices", "--audio"},
    {"--list-video", "devices", "--video"},
    {"--download-model", "models", "download"},
    {"--version", "version", ""},
});

}  // namespace

Args with_command(Args args) {
    if (args.empty() || !args[0].starts_with('-')) return args;
    for (const auto& flat : kFlatFlags) {
        const std::string with_value = std::string(flat.flag) + "=";
        const auto found = std::find_if(args.begin(), args.end(), [&](const std::string& arg) {
            return arg == flat.flag ||
                   ((flat.command == "process" || flat.command == "models") && arg.starts_with(with_value));
        });
        if (found == args.end()) continue;
        if (*found == flat.flag)
            args.erase(found);
        else
            found->erase(0, with_value.size());
        if (!flat.option.empty()) args.emplace(args.begin(), flat.option);
        args.emplace(args.begin(), flat.command);
        return args;
    }
    if (args[0] == "-h" || args[0] == "--help" || args[0] == "--help-all") return args;
    args.emplace(args.begin(), "record");
    return args;
}

}  // namespace onetake::cli
