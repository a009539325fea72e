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

struct CheckArguments {
    RecorderConfig config;
    std::vector<std::string> names;
    bool all = false, decode = false;
    bool json = false, quiet = false;
};

void add_options(CommandLine& app, CheckArguments& options) {
    add_config_flags(app, options.config, is_take_folder);
    app.add_flag("--json", options.json, "print JSON");
    app.add_flag("--quiet", options.quiet, "print errors only");
}

// One take's object over several lines; one line for each of several takes.
std::string json_text(const std::string& object, bool several) {
    return (several ? nlohmann::ordered_json::parse(object).dump() : object) + "\n";
}

// A name that can't be a take's is wrong usage; anything else means that the take can't be read.
int unreadable(Error error, const TakeArgument& take, const CheckArguments& options, bool several) {
    if (error.code == ErrorCode::not_found) error.message += other_take_hint(take);
    if (options.json)
        print(json_text(
            nlohmann::ordered_json{{"name", take.name}, {"state", "unreadable"}, {"error", error.message}}.dump(
                2, ' ', false, nlohmann::json::error_handler_t::replace),
            several));
    return report(error);
}

template <class Report>
int show(const Report& report, const CheckReport& take, const CheckArguments& options, bool several = false) {
    if (options.json)
        print(json_text(to_json(report), several));
    else if (!options.quiet)
        print(summary(report));
    return take.whole() ? kDone : kLosses;
}

namespace fs = std::filesystem;

/// Whether this names a folder, and no take.
bool is_other_folder(const std::string& path, const std::string& data_dir) {
    std::error_code ignored;
    return fs::is_directory(path, ignored) && !fs::exists(fs::path(path) / "timeline.jsonl", ignored) &&
           !fs::exists(data_dir + "/" + path, ignored);
}

/// What a folder holds that is no take.
struct FolderContents {
    bool work_take = false;   ///< .NAME.take: a recording that is being made, or that a killed program left
    bool recording = false;   ///< a finished one
    bool take_media = false;  ///< what a take has beside its journal
    std::string take;         ///< the first of its takes by name; empty: none
};

FolderContents contents_of(const std::string& folder) {
    FolderContents found;
    std::error_code ec;
    for (auto it = fs::directory_iterator(folder, ec); !ec && it != fs::directory_iterator(); it.increment(ec)) {
        std::error_code ignored;
        const auto name = it->path().filename().string();
        const auto extension = it->path().extension();
        const bool hidden = name.starts_with('.');
        if (name == "frames" || name == "video" || name == "audio.wav" || name == "manifest.json")
            found.take_media = true;
        if (it->is_directory(ignored)) {
            if (hidden && extension == ".take") found.work_take = true;
            if (!hidden && fs::exists(it->path() / "timeline.jsonl", ignored) &&
                (found.take.empty() || name < found.take))
                found.take = name;
        } else if (!hidden && (extension == ".mp4" || extension == ".mkv" || extension == ".avi")) {
            found.recording = true;
        }
    }
    return found;
}

int folder_failed(const std::string& folder, const Error& error, const CheckArguments& options) {
    if (options.json)
        print(nlohmann::ordered_json{{"name", folder}, {"error", error.message}}.dump(
                  -1, ' ', false, nlohmann::json::error_handler_t::replace) +
              "\n");
    return report(error);
}

/// A folder without a recording that a killed program left: in order if it has others, else not what was meant.
int nothing_to_recover(const std::string& folder, const CheckArguments& options) {
    const auto found = contents_of(folder);
    const auto failed = [&](std::string text) {
        return folder_failed(folder, {ErrorCode::not_found, std::move(text)}, options);
    };
    if (found.work_take || (found.recording && found.take.empty())) {
        if (!options.json && !options.quiet)
            print(
                fmt::format("Nothing to recover in {}: no program that was killed left a recording there.\n", folder));
        return kDone;
    }
    if (!found.take.empty())
        return failed(fmt::format(
            "{} is a folder of takes, and has no recording that a killed program left (.NAME.take). Recover its takes "
            "by name, the first with: onetake recover {} --data-dir {}",
            folder, found.take, folder));
    if (found.take_media)
        return failed(fmt::format(
            "{} has media of a take, but no timeline.jsonl: without this journal, the times of the media are lost, and "
            "the take can't be recovered. `onetake import` makes a take of frames whose times are known.",
            folder));
    return failed(
        fmt::format("There is nothing to recover in {}: it has no take, no recording that a killed program left "
                    "(.NAME.take), and no finished one (*.mp4, *.mkv, *.avi).",
                    folder));
}

int recover_folder(const std::string& storage, const CheckArguments& options) {
    const auto all = recover_recordings(storage);
    if (!all) return folder_failed(storage, all.error(), options);
    if (all->empty()) return nothing_to_recover(storage, options);
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
    return code;
}

}  // namespace

int check(const Args& args) {
    CheckArguments options;
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
    CheckArguments options;
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
    if (is_other_folder(name, options.config.data_dir)) return recover_folder(name, options);
    const auto take = take_argument(name, options.config.data_dir);
    const auto result = recover_take(take.data_dir, take.name, options.config.processed_dir);
    return result ? show(*result, result->take, options) : unreadable(result.error(), take, options, false);
}

}  // namespace onetake::cli
