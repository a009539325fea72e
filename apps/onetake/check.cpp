#include "commands.h"
#include "config_flags.h"
#include "summary.h"

#include <onetake/take.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace onetake::cli {

namespace {

struct Options {
    RecorderConfig config;
    std::string name;
    bool json = false, quiet = false;
};

void add_options(CommandLine& app, Options& options) {
    app.add_option("NAME", options.name, "a take in the data folder")->required();
    add_config_flags(app, options.config, [](const FieldInfo& field) { return field.name == "data_dir"; });
    app.add_flag("--json", options.json, "print JSON");
    app.add_flag("--quiet", options.quiet, "print errors only");
}

// A name that can't be a take's is wrong usage; anything else means that the take can't be read.
int unreadable(const Error& error, const Options& options) {
    if (options.json)
        print(nlohmann::ordered_json{{"name", options.name}, {"state", "unreadable"}, {"error", error.message}}.dump(
                  2, ' ', false, nlohmann::json::error_handler_t::replace) +
              "\n");
    return report(error);
}

template <class Report>
int show(const Report& report, const CheckReport& take, const Options& options) {
    if (options.json)
        print(to_json(report) + "\n");
    else if (!options.quiet)
        print(summary(report));
    return take.whole() ? kDone : kLosses;
}

}  // namespace

int check(const Args& args) {
    Options options;
    CommandLine app{"Verify a take against its journal; changes nothing.", "onetake check"};
    add_options(app, options);
    app.footer(
        "Exit codes: 0 complete, 3 with losses or not closed, 1 unreadable\n"
        "Example: onetake check interview --json");
    if (const auto code = parse(app, args)) return *code;
    const auto result = check_take(options.config.data_dir, options.name);
    return result ? show(*result, *result, options) : unreadable(result.error(), options);
}

int recover(const Args& args) {
    Options options;
    CommandLine app{"Repair a take after a kill, a power cut, a full disk or an incomplete copy.", "onetake recover"};
    add_options(app, options);
    app.footer(
        "Intact files are not changed; a second run changes nothing.\n"
        "Exit codes: 0 complete, 3 repaired, with the losses listed, 1 failed\n"
        "Example: onetake recover interview");
    if (const auto code = parse(app, args)) return *code;
    const auto result = recover_take(options.config.data_dir, options.name);
    return result ? show(*result, result->take, options) : unreadable(result.error(), options);
}

}  // namespace onetake::cli
