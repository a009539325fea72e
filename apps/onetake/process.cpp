#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "progress.h"
#include "summary.h"
#include "take_argument.h"

#include <onetake/recorder.h>
#include <onetake/take.h>

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace onetake::cli {

namespace {

struct Options {
    RecorderConfig config;
    std::vector<std::string> names;
    bool all = false;
    bool make_mp4 = true;
    std::optional<bool> enhance;
    bool force = false;
    OutputFlags output;
};

void add_options(CommandLine& app, Options& options) {
    app.add_option("NAME", options.names, "takes: names in the data folder, or paths")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_flag("--all", options.all, "every take that has no MP4 yet");
    app.add_flag("--mp4,!--no-mp4", options.make_mp4, "render the MP4 (yes)");
    app.add_flag_function(
        "--enhance,!--no-enhance", [&options](std::int64_t count) { options.enhance = count > 0; },
        "enhance speech (as configured)");
    app.add_flag("--force", options.force, "replace another take's MP4, or a better one");
    add_config_flags(app, options.config, [](const FieldInfo& field) {
        return field.group == FieldGroup::render || field.group == FieldGroup::enhance || is_take_folder(field);
    });
    options.output.add_to(app);
    app.footer("Example: onetake process interview --crf 20");
}

/// The takes to render for --all: also those that were not closed, but not those that are being recorded.
Result<std::vector<std::string>> unrendered(const RecorderConfig& config) {
    const auto takes = list_takes(config.data_dir, config.processed_dir);
    if (!takes) return fail(takes.error());
    std::vector<std::string> names;
    for (const auto& take : *takes) {
        if (take.state == TakeState::rendered) continue;
        if (take.state == TakeState::recording)
            print_error(fmt::format("{}: skipped, it is being recorded", take.name));
        else
            names.push_back(take.name);
    }
    return names;
}

int show(const Result<TakeResult>& result, const std::string& name, const OutputFlags& output) {
    if (!result) {
        if (output.json)
            print(nlohmann::ordered_json{{"name", name}, {"error", result.error().message}}.dump(
                      -1, ' ', false, nlohmann::json::error_handler_t::replace) +
                  "\n");
        return report(result.error());
    }
    if (output.json)
        print(nlohmann::ordered_json::parse(to_json(*result)).dump() + "\n");
    else if (!output.quiet)
        print(rendering_summary(*result));
    return report_failures(*result, report_losses(*result));
}

}  // namespace

int process(const Args& args) {
    Options options;
    CommandLine app{"Enhance and render stored takes; opens no device.", "onetake process"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    if (options.names.empty() != options.all) {
        print_error("give the names of takes, or --all (see onetake process --help)");
        return kUsage;
    }
    if (const auto status = validate(options.config); !status) return report(status.error());
    if (options.all) {
        auto names = unrendered(options.config);
        if (!names) return report(names.error());
        options.names = std::move(*names);
        if (options.names.empty() && !options.output.quiet && !options.output.json)
            print(fmt::format("No stored take in {} lacks its MP4.\n", options.config.data_dir));
    }

    ProgressLine line(options.output);
    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    int code = kDone;
    for (const auto& text : options.names) {
        const auto take = take_argument(text, options.config.data_dir);
        auto config = options.config;
        config.data_dir = take.data_dir;
        auto recorder = AVRecorder::create(config);
        if (!recorder) return report(recorder.error());
        recorder->on_progress([&line](const Progress& progress) { line.show(progress); });
        const auto result =
            recorder->process(take.name, {options.make_mp4, options.enhance, options.force, cancel.get_token()});
        line.clear();
        code = worse(code, show(result, take.name, options.output));
        if (!result && result.error().code == ErrorCode::cancelled) break;
    }
    return code;
}

}  // namespace onetake::cli
