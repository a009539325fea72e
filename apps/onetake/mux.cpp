#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"

#include <onetake/mux.h>

#include <filesystem>
#include <fmt/format.h>

namespace onetake::cli {

namespace {

constexpr double kLargestSeconds = 9e9;

struct MuxArguments {
    std::string video, audio, data_dir = "av_data";
    MuxOptions mux;
    bool print_ffmpeg = false, json = false, quiet = false;
};

CLI::Option* add_seconds(CommandLine& app, const std::string& flag, std::optional<double>& value,
                         const std::string& help) {
    const auto set = [flag, &value](const CLI::results_t& values) {
        value = number_of(flag, values.back(), -kLargestSeconds, kLargestSeconds);
        return true;
    };
    return app.add_option(flag, set, help)->type_name("S");
}

void add_options(CommandLine& app, MuxArguments& options) {
    auto& mux = options.mux;
    mux.overwrite_in_place = false;
    app.add_option("VIDEO", options.video, "another program's MP4, MOV, MKV or AVI")->required();
    app.add_option("--audio", options.audio, "16-bit PCM WAV, or a take: folder or name")
        ->type_name("WAV|TAKE")
        ->required();
    auto* delta = add_seconds(app, "--delta", mux.delta, "from the first frame to the first sample");
    auto* video = add_seconds(app, "--video-start", mux.video_start, "instant of the first frame");
    auto* audio = add_seconds(app, "--audio-start", mux.audio_start, "of the first sample (a take's own)");
    delta->excludes(video)->excludes(audio);
    app.add_option("--video-timestamps", mux.video_timestamps, "a second per frame: its true times")->type_name("FILE");
    auto* in_place = app.add_flag("--in-place", mux.overwrite_in_place, "replace VIDEO");
    app.add_option("-o,--out", mux.out_path, "the new file (VIDEO_with_audio)")->type_name("FILE")->excludes(in_place);
    app.add_flag("--force", mux.replace_out, "replace a file that exists there")->excludes(in_place);
    app.add_flag("--shortest", mux.shortest, "end with the shorter of the two");
    app.add_flag("--delete-audio", mux.delete_audio, "delete WAV or take afterwards");
    const auto set_bitrate = [&mux](const CLI::results_t& values) {
        mux.audio_bitrate = static_cast<int>(number_of("--audio-bitrate", values.back(), 8000, 1e6));
        return true;
    };
    app.keep_for_help_all(app.add_option("--audio-bitrate", set_bitrate, "bits/s of the AAC (192000)")->type_name("N"));
    app.keep_for_help_all(
        app.add_option("--data-dir", options.data_dir, "where a take's name is looked up (av_data)")->type_name("DIR"));
    app.add_flag("--print-ffmpeg", options.print_ffmpeg, "print the ffmpeg command for it, do nothing");
    app.add_flag("--json", options.json, "print the result as JSON");
    app.add_flag("--quiet", options.quiet, "print errors only");
    app.footer("Example: onetake mux cam.mp4 --audio av_data/cam_aud_01M7… --video-start 91.25");
}

/// A path, or the name of a take in the data folder.
std::string audio_path(const MuxArguments& options) {
    const auto take = std::filesystem::path(options.data_dir) / options.audio;
    std::error_code ec;
    if (!std::filesystem::exists(options.audio, ec) && std::filesystem::is_directory(take, ec)) return take.string();
    return options.audio;
}

std::string summary(const MuxResult& result) {
    std::string text = fmt::format("{}: {} frames, {:.3f} s; audio {:+.4f} s from the first frame, to {:.3f} s\n",
                                   result.path, result.video_frames, result.video_s, result.delta_s, result.audio_s);
    for (const auto& note : result.notes) text += "  " + note + "\n";
    return text;
}

}  // namespace

int mux(const Args& args) {
    MuxArguments options;
    CommandLine app{"Add a take's audio, or a WAV, to a video that another program made.", "onetake mux"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    options.mux.cancel = cancel.get_token();
    if (options.print_ffmpeg) {
        const auto command = ffmpeg_command(options.video, audio_path(options), options.mux);
        if (!command) return report(command.error());
        print(*command + "\n");
        return kDone;
    }
    const auto result = mux_audio(options.video, audio_path(options), options.mux);
    if (!result) return report(result.error());
    if (options.json)
        print(to_json(*result) + "\n");
    else if (!options.quiet)
        print(summary(*result));
    int code = kDone;
    if (result->audio_samples_lost > 0) {
        print_error(
            fmt::format("{}: {} samples of the audio could not be read", result->path, result->audio_samples_lost));
        code = kLosses;
    }
    for (const auto& failure : result->failures) print_error(failure);
    return result->failures.empty() ? code : kFailed;
}

}  // namespace onetake::cli
