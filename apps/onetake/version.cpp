#include "commands.h"

#include <onetake/version.h>

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace onetake::cli {

int version_command(const Args& args) {
    bool json = false;
    CommandLine app{"Show the version, and which optional parts work on this machine.", "onetake version"};
    app.add_flag("--json", json, "print JSON");
    app.footer("Example: onetake --version");
    if (const auto code = parse(app, args)) return *code;

    const auto found = capabilities();
    if (json) {
        auto list = nlohmann::ordered_json::array();
        for (const auto& part : found)
            list.push_back({{"name", part.name}, {"found", part.found}, {"detail", part.detail}});
        print(nlohmann::ordered_json{{"version", version()}, {"parts", list}}.dump(
                  2, ' ', false, nlohmann::json::error_handler_t::replace) +
              "\n");
        return kDone;
    }
    std::size_t width = 0;
    for (const auto& part : found) width = std::max(width, part.name.size());
    std::string text = fmt::format("onetake {}\n", version());
    for (const auto& part : found)
        text += fmt::format("  {:<{}}  {}{}\n", part.name, width, part.found ? "" : "missing: ", part.detail);
    print(text);
    return kDone;
}

}  // namespace onetake::cli
