#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "progress.h"
#include "summary.h"

#include <onetake/video_recorder.h>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <stop_token>

namespace onetake::cli {

namespace {

constexpr auto kEncodeFields = std::to_array<std::string_view>(
    {"source", "video_device", "width", "height", "fps", "fourcc", "buffersize", "v4l2_controls", "warmup", "preset",
     "crf", "pixel_range", "queue_size", "on_full"});

struct EncodeArguments {
    FlatConfig config;
    VideoRecordingConfig recording;
    std::string session = "recording";
    std::optional<double> duration_s;
    OutputFlags output;
};

void add_options(CommandLine& app, EncodeArguments& options) {
    options.config.video_track.fps = options.recording.fps;
    const auto set_duration = [&options](const CLI::results_t& values) {
        options.duration_s = duration_of("--duration", values.back(), 0.001, 1e9);
        return true;
    };
    const auto set_format = [&options](const CLI::results_t& values) {
        const auto& name = values.back();
        if (name != "mp4" && name != "mkv" && name != "avi")
            throw CLI::ValidationError(fmt::format("--format {}: must be one of mp4, mkv, avi", name));
        options.recording.format = name == "mp4"   ? ContainerFormat::mp4
                                   : name == "mkv" ? ContainerFormat::mkv
                                                   : ContainerFormat::avi;
        return true;
    };
    const auto set_bitrate = [&options](const CLI::results_t& values) {
        options.recording.bitrate = static_cast<int>(number_of("--bitrate", values.back(), 0, 2e9));
        return true;
    };
    app.add_option("--duration", set_duration, "seconds, or like 10m, 1h30m (until Ctrl-C)")->type_name("S");
    app.add_option("--format", set_format, "of the file: mp4|mkv|avi (mp4)")->type_name("TEXT");
    app.add_option("--output", options.recording.storage, "folder of the file (./recordings)")->type_name("DIR");
    app.add_option("--session", options.session, "the file is SESSION_<UTC time> (recording)")->type_name("TEXT");
    app.add_option("--codec", options.recording.codec,
                   "an encoder of libavcodec; auto: h264_nvenc, else libx264 (auto)")
        ->type_name("TEXT");
    app.add_option("--bitrate", set_bitrate, "bits per second, instead of a constant quality")->type_name("N");
    app.add_flag("--keep-take", options.recording.keep_take, "keep the take that the file is made from");
    add_config_flags(app, options.config, [](const FieldInfo& field) {
        return std::find(kEncodeFields.begin(), kEncodeFields.end(), field.name) != kEncodeFields.end();
    });
    options.output.add_to(app);
    app.footer("Example: onetake encode --device 0 --codec libx265 --fps 30 --duration 60");
}

VideoRecordingConfig recording_config(const EncodeArguments& options) {
    auto config = options.recording;
    const auto& rest = options.config.rest;
    config.fps = options.config.video_track.fps;
    config.preset = rest.encode.preset;
    config.crf = rest.encode.crf;
    config.pixel_range = rest.encode.pixel_range;
    config.queue_size = rest.store.queue_size;
    config.on_full = rest.store.on_full;
    return config;
}

int exit_code(const VideoRecordingResult& result) {
    for (const auto& failure : result.failures) print_error(failure);
    if (!result.failures.empty()) return kFailed;
    const auto gone = result.dropped + result.lost + result.refused;
    if (gone == 0) return kDone;
    print_error(fmt::format("{} of {} frames are not in the file: {} dropped (queue full), {} refused, {} lost",
                            result.tapped - result.frames, result.tapped, result.dropped, result.refused, result.lost));
    return kLosses;
}

}  // namespace

int encode(const Args& args) {
    EncodeArguments options;
    CommandLine app{"Record one video stream into one encoded file, without audio.", "onetake encode"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    const auto& track = options.config.video_track;
    if (track.source == SourceKind::external) {
        print_error("--source external: only a program that pushes media can use it; must be device or test");
        return kUsage;
    }
    auto recorder = VideoRecorder::create(recording_config(options));
    if (!recorder) return report(recorder.error());
    ProgressLine line(options.output, options.duration_s);
    (*recorder)->on_progress([&line](const Progress& progress) { line.show(progress); });
    (*recorder)->on_event([&line](const VideoRecordingHandle&, const RecorderEvent& event) { line.show(event); });
    if (!options.duration_s) line.note("Recording; Ctrl-C ends it.");
    std::stop_source stop;
    const Interrupt interrupt(stop);
    const auto result = (*recorder)->record(
        options.session, track, options.duration_s.value_or(std::numeric_limits<double>::infinity()), stop.get_token());
    line.clear();
    if (!result) return report(result.error());
    if (options.output.json)
        print(to_json(*result) + "\n");
    else if (!options.output.quiet)
        print(summary(*result));
    return exit_code(*result);
}

}  // namespace onetake::cli
