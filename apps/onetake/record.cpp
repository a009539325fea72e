#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "progress.h"
#include "summary.h"

#include <onetake/recorder.h>

#include <atomic>
#include <fmt/format.h>
#include <limits>

namespace onetake::cli {

namespace {

struct RecordArguments {
    FlatConfig config;
    std::optional<double> duration_s;
    std::string name;
    bool make_mp4 = true;
    bool enhance = true;
    OutputFlags output;
};

void add_options(CommandLine& app, RecordArguments& options) {
    const auto set_duration = [&options](const CLI::results_t& values) {
        options.duration_s = duration_of("--duration", values.back(), 0.001, 1e9);
        return true;
    };
    app.add_option("--duration", set_duration, "seconds, or like 10m, 1h30m (until Ctrl-C)")->type_name("S");
    app.add_option("--name", options.name, "of the take (a local-time stamp)")->type_name("TEXT");
    app.add_flag("--mp4,!--no-mp4", options.make_mp4, "render the MP4 afterwards (yes)");
    app.add_flag("--enhance,!--no-enhance", options.enhance, "enhance speech, with --denoise (yes)");
    add_config_flags(app, options.config, [](const FieldInfo&) { return true; });
    options.output.add_to(app);
    app.footer("Example: onetake record --duration 60 --name interview --device 0");
}

Status check(const FlatConfig& config) {
    if (config.video_track.source == SourceKind::external)
        return fail(ErrorCode::invalid_argument,
                    "--source external: only a program that pushes media can use it; must be device or test");
    return validate(config.config());
}

}  // namespace

int record(const Args& args) {
    RecordArguments options;
    CommandLine app{"Record camera and microphone into a take, then render its MP4.", "onetake record"};
    add_options(app, options);
    app.hint_for_argument("--name");
    if (const auto code = parse(app, args)) return *code;
    if (const auto status = check(options.config); !status) return report(status.error());

    auto recorder = AVRecorder::create(options.config.config());
    if (!recorder) return report(recorder.error());
    ProgressLine line(options.output, options.duration_s);
    std::atomic<bool> recording{true};
    recorder->on_progress([&](const Progress& progress) {
        recording = progress.phase == Progress::Phase::recording;
        line.show(progress);
    });
    recorder->on_event([&line](const RecorderEvent& event) { line.show(event); });
    if (!options.duration_s) line.note("Recording; Ctrl-C ends the take.");
    // A signal ends the recording, or the rendering that follows it.
    std::stop_source stop, cancel;
    const Interrupt interrupt([&] {
        if (!stop.request_stop() || !recording) cancel.request_stop();
    });
    const auto result =
        recorder->record(options.duration_s.value_or(std::numeric_limits<double>::infinity()),
                         {options.name, options.make_mp4, options.enhance, cancel.get_token()}, stop.get_token());
    line.clear();
    if (!result) return report(result.error());

    if (options.output.json)
        print(to_json(*result) + "\n");
    else if (!options.output.quiet)
        print(summary(*result));
    int code = report_losses(*result);
    if (!result->metrics.ended_early.empty()) {
        print_error(fmt::format("{}: the take ended early: {}", result->name, result->metrics.ended_early));
        code = kEndedEarly;
    }
    return report_failures(*result, code);
}

}  // namespace onetake::cli
