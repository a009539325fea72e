#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "progress.h"
#include "track_flags.h"

#include <onetake/room_sources.h>

#include <algorithm>
#include <fmt/format.h>
#include <stop_token>

namespace onetake::cli {

namespace {

struct Options {
    RoomRecording recording;
    OutputFlags output;
};

void add_options(CommandLine& app, Options& options) {
    auto& recording = options.recording;
    const auto set_layout = [&recording](const CLI::results_t& values) {
        const auto& name = values.back();
        if (name != "composite" && name != "tracks")
            throw CLI::ValidationError(fmt::format("--layout {}: must be one of composite, tracks", name));
        recording.file.layout = name == "tracks" ? RoomLayout::tracks : RoomLayout::composite;
        return true;
    };
    const auto set_format = [&recording](const CLI::results_t& values) {
        const auto& name = values.back();
        if (name != "mp4" && name != "mkv")
            throw CLI::ValidationError(fmt::format("--format {}: must be one of mp4, mkv", name));
        recording.file.format = name == "mkv" ? ContainerFormat::mkv : ContainerFormat::mp4;
        return true;
    };
    const auto set_duration = [&recording](const CLI::results_t& values) {
        recording.duration_s = duration_of("--duration", values.back(), 0.001, 1e9);
        return true;
    };
    const auto set_fps = [&recording](const CLI::results_t& values) {
        recording.file.video_fps = number_of("--fps", values.back(), 0.1, 240);
        return true;
    };
    const auto set_rate = [&recording](const CLI::results_t& values) {
        recording.file.audio_sample_rate = static_cast<int>(number_of("--audio-rate", values.back(), 8000, 192'000));
        return true;
    };
    add_track_flags(app, recording.sources);
    app.add_option("--layout", set_layout, "composite, or tracks: a stream each (composite)")->type_name("TEXT");
    app.add_option("--format", set_format, "of the file: mp4|mkv (mp4)")->type_name("TEXT");
    app.add_option("--out", recording.file.storage, "folder of the file (./recordings)")->type_name("DIR");
    app.add_option("--duration", set_duration, "seconds, or like 10m (until the files end)")->type_name("S");
    app.add_option("--codec", recording.file.video_codec, "an encoder of libavcodec (auto)")->type_name("TEXT");
    app.add_option("--fps", set_fps, "of the composite, and asked of cameras (30)")->type_name("N");
    app.add_option("--audio-rate", set_rate, "Hz, of the file's audio (16000)")->type_name("N");
    app.add_flag("--keep-take", recording.file.keep_take, "keep the take of the file");
    options.output.add_to(app);
    app.footer("Example: onetake room --track Ana=/dev/video0 --track Ana=mic: --track Bo=b.mp4");
}

std::string summary_of(const MediaRecordingResult& result) {
    std::string text = result.path.empty() ? "No file.\n"
                                           : fmt::format("{}  {:.2f} s, {:.1f} MB\n", result.path, result.duration_s,
                                                         static_cast<double>(result.size_bytes) / 1e6);
    for (const auto& track : result.tracks) {
        text += fmt::format("  {} {}:", track.participant, to_string(track.media));
        for (const auto& interval : track.intervals)
            text += fmt::format(" {:.2f}-{:.2f} s", interval.from_s, interval.to_s);
        if (track.intervals.empty()) text += " nothing";
        if (!track.gaps.empty()) text += fmt::format(", {} gaps", track.gaps.size());
        if (const auto gone = track.dropped + track.refused + track.lost; gone > 0)
            text += fmt::format(", {} of {} dropped, {} refused, {} lost", track.dropped, track.delivered,
                                track.refused, track.lost);
        text += '\n';
    }
    for (const auto& note : result.notes) text += fmt::format("  {}\n", note);
    return text;
}

int exit_code(const RoomRecorderResult& result) {
    for (const auto& error : result.errors) print_error(error);
    for (const auto& failure : result.recording.failures) print_error(failure);
    if (!result.recording.failures.empty() || result.recording.path.empty()) return kFailed;
    const auto lost = [](const RecordedTrack& track) { return track.lost > 0; };
    if (!result.losses.empty() || std::ranges::any_of(result.recording.tracks, lost)) return kLosses;
    return result.errors.empty() ? kDone : kFailed;
}

}  // namespace

int room(const Args& args) {
    Options options;
    CommandLine app{"Record a room of several people into one file.", "onetake room"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    if (options.recording.sources.empty()) {
        print_error("--track is missing: give one source at least, as --track NAME=SOURCE");
        return kUsage;
    }
    ProgressLine line(options.output, options.recording.duration_s);
    std::stop_source stop;
    const Interrupt interrupt(stop);
    const auto result = record_room(
        options.recording, [&line](const RecorderEvent& event) { line.show(event); },
        [&line](const Progress& progress) { line.show(progress); }, stop.get_token());
    line.clear();
    if (!result) return report(result.error());
    if (options.output.json)
        print(to_json(result->recording) + "\n");
    else if (!options.output.quiet)
        print(summary_of(result->recording));
    return exit_code(*result);
}

}  // namespace onetake::cli
