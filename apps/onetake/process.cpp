#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "progress.h"
#include "summary.h"

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
    OutputFlags output;
};

void add_options(CommandLine& app, Options& options) {
    app.add_option("NAME", options.names, "takes in the data folder")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_flag("--all", options.all, "every take that has no MP4 yet");
    app.add_flag("--mp4,!--no-mp4", options.make_mp4, "render the MP4 (yes)");
    app.add_flag_function(
        "--enhance,!--no-enhance", [&options](std::int64_t count) { options.enhance = count > 0; },
        "enhance speech (if a model is set)");
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
        print(summary(*result));
    return report_losses(*result);
}

/// The more serious of two exit codes: failure, wrong usage, losses, in this order.
int worse(int a, int b) {
    constexpr auto rank = [](int code) { return code == kFailed ? 3 : code == kUsage ? 2 : code == kLosses ? 1 : 0; };
    return rank(b) > rank(a) ? b : a;
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

    auto recorder = AVRecorder::create(options.config);
    if (!recorder) return report(recorder.error());
    ProgressLine line(options.output);
    recorder->on_progress([&line](const Progress& progress) { line.show(progress); });
    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    int code = kDone;
    for (const auto& name : options.names) {
        const auto result = recorder->process(name, {options.make_mp4, options.enhance, cancel.get_token()});
        line.clear();
        code = worse(code, show(result, name, options.output));
        if (!result && result.error().code == ErrorCode::cancelled) break;
    }
    return code;
}

}  // namespace onetake::cli
