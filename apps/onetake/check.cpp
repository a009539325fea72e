#include "commands.h"
#include "config_flags.h"
#include "summary.h"
#include "take_argument.h"

#include <onetake/take.h>
#include <onetake/video_recorder.h>

#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace onetake::cli {

namespace {

struct Options {
    RecorderConfig config;
    std::vector<std::string> names;
    bool all = false, decode = false;
    bool json = false, quiet = false;
};

void add_options(CommandLine& app, Options& options) {
    add_config_flags(app, options.config, is_take_folder);
    app.add_flag("--json", options.json, "print JSON");
    app.add_flag("--quiet", options.quiet, "print errors only");
}

// One take's object over several lines; one line for each of several takes.
std::string json_text(const std::string& object, bool several) {
    return (several ? nlohmann::ordered_json::parse(object).dump() : object) + "\n";
}

// A name that can't be a take's is wrong usage; anything else means that the take can't be read.
int unreadable(Error error, const TakeArgument& take, const Options& options, bool several) {
    if (error.code == ErrorCode::not_found) error.message += other_take_hint(take);
    if (options.json)
        print(json_text(
            nlohmann::ordered_json{{"name", take.name}, {"state", "unreadable"}, {"error", error.message}}.dump(
                2, ' ', false, nlohmann::json::error_handler_t::replace),
            several));
    return report(error);
}

template <class Report>
int show(const Report& report, const CheckReport& take, const Options& options, bool several = false) {
    if (options.json)
        print(json_text(to_json(report), several));
    else if (!options.quiet)
        print(summary(report));
    return take.whole() ? kDone : kLosses;
}

/// Whether this names a folder of recordings, and no take.
bool holds_recordings(const std::string& path, const std::string& data_dir) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    return fs::is_directory(path, ignored) && !fs::exists(fs::path(path) / "timeline.jsonl", ignored) &&
           !fs::exists(data_dir + "/" + path, ignored);
}

int recover_folder(const std::string& storage, const Options& options) {
    const auto all = recover_recordings(storage);
    if (!all) return report(all.error());
    int code = kDone;
    for (const auto& one : *all) {
        if (options.json)
            print(nlohmann::ordered_json{{"take", one.take},
                                         {"path", one.path.empty() ? nlohmann::json() : nlohmann::json(one.path)},
                                         {"steps", one.steps},
                                         {"failures", one.failures}}
                      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                  "\n");
        else if (!options.quiet)
            for (const auto& step : one.steps) print(fmt::format("{}: {}\n", one.take, step));
        for (const auto& failure : one.failures) print_error(fmt::format("{}: {}", one.take, failure));
        if (!one.failures.empty()) code = kFailed;
    }
    if (all->empty() && !options.quiet)
        print("Nothing to recover: no program that was killed left a recording there.\n");
    return code;
}

}  // namespace

int check(const Args& args) {
    Options options;
    CommandLine app{"Verify takes against their journals, and their output files; changes nothing.", "onetake check"};
    app.add_option("NAME", options.names, "takes: names in the data folder, or paths")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_flag("--all", options.all, "every take in the data folder");
    app.add_flag("--decode", options.decode, "decode every frame of the output file; slow");
    add_options(app, options);
    app.footer(
        "Exit codes: 0 complete, 3 with losses or not closed, 1 unreadable\n"
        "Example: onetake check interview --json");
    if (const auto code = parse(app, args)) return *code;
    if (options.names.empty() != options.all) {
        print_error("give the names of takes, or --all (see onetake check --help)");
        return kUsage;
    }
    if (options.all) {
        if (const auto status = check_data_dir(options.config.data_dir); !status) return report(status.error());
        const auto takes = list_takes(options.config.data_dir, options.config.processed_dir);
        if (!takes) return report(takes.error());
        for (const auto& take : *takes) options.names.push_back(take.name);
    }
    int code = kDone;
    const bool several = options.all || options.names.size() > 1;
    for (const auto& text : options.names) {
        const auto take = take_argument(text, options.config.data_dir);
        const auto result = check_take(take.data_dir, take.name, options.config.processed_dir, options.decode);
        code = worse(code, result ? show(*result, *result, options, several)
                                  : unreadable(result.error(), take, options, several));
    }
    return code;
}

int recover(const Args& args) {
    Options options;
    std::string name;
    CommandLine app{"Repair a take after a kill, a power cut, a full disk or an incomplete copy.", "onetake recover"};
    app.add_option("NAME", name,
                   "a take: its name in the data folder, or its path; or the folder of `encode`, or of chunks")
        ->required();
    add_options(app, options);
    app.footer(
        "Intact files are not changed; a second run changes nothing.\n"
        "Exit codes: 0 complete, 3 repaired, with the losses listed, 1 failed\n"
        "Example: onetake recover interview");
    if (const auto code = parse(app, args)) return *code;
    if (holds_recordings(name, options.config.data_dir)) return recover_folder(name, options);
    const auto take = take_argument(name, options.config.data_dir);
    const auto result = recover_take(take.data_dir, take.name, options.config.processed_dir);
    return result ? show(*result, result->take, options) : unreadable(result.error(), take, options, false);
}

}  // namespace onetake::cli
