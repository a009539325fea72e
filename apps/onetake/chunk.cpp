#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "progress.h"
#include "summary.h"
#include "track_flags.h"
#include "units.h"

#include <onetake/chunked_writer.h>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <stop_token>

namespace onetake::cli {

namespace {

// The sources of `record`, and how video is compressed.
constexpr auto kChunkFields = std::to_array<std::string_view>({"source",
                                                               "video_device",
                                                               "more_video_devices",
                                                               "width",
                                                               "height",
                                                               "fps",
                                                               "fourcc",
                                                               "buffersize",
                                                               "v4l2_controls",
                                                               "warmup",
                                                               "audio",
                                                               "video",
                                                               "audio_device",
                                                               "more_audio_devices",
                                                               "sample_rate",
                                                               "channels",
                                                               "blocksize",
                                                               "require_audio",
                                                               "store_preset",
                                                               "store_crf",
                                                               "store_bitrate",
                                                               "store_keyframe_s",
                                                               "queue_size"});

struct Options {
    FlatConfig config;
    ChunkRecordingConfig recording;
    std::optional<double> duration_s;
    std::string codec = "auto";
    OutputFlags output;
};

void add_options(CommandLine& app, Options& options) {
    const auto set_duration = [&options](const CLI::results_t& values) {
        options.duration_s = duration_of("--duration", values.back(), 0.001, 1e9);
        return true;
    };
    const auto set_length = [&options](const CLI::results_t& values) {
        options.recording.chunk_length_s = duration_of("--chunk-length", values.back(), 0.001, 1e6);
        return true;
    };
    app.add_option("--out", options.recording.directory, "folder of the chunks; made if missing")
        ->type_name("DIR")
        ->required();
    app.add_option("--chunk-length", set_length, "of a chunk: seconds, or like 10m (60)")->type_name("S");
    app.add_option("--duration", set_duration, "seconds, or like 10m, 1h30m (until Ctrl-C)")->type_name("S");
    app.add_option("--codec", options.codec, "video: an encoder of libavcodec; auto: h264_nvenc, else libx264 (auto)")
        ->type_name("TEXT");
    app.add_option("--audio-codec", options.recording.audio_codec,
                   "an encoder of libavcodec: flac, aac, libopus (flac)")
        ->type_name("TEXT");
    add_config_flags(app, options.config, [](const FieldInfo& field) {
        return std::find(kChunkFields.begin(), kChunkFields.end(), field.name) != kChunkFields.end();
    });
    // The sources are either named, or devices.
    for (auto* named : add_track_flags(app, options.recording.tracks))
        for (const auto* device : {"--source", "--device", "--more-video-devices", "--video", "--audio",
                                   "--audio-device", "--more-audio-devices", "--require-audio"})
            named->excludes(app.get_option(device));
    options.output.add_to(app);
    app.footer(
        "A kill loses at most a second: onetake recover DIR makes the chunks that are missing.\n"
        "Exit codes: 0 complete, 3 with losses, 1 failed\n"
        "Example: onetake chunk --out recordings/rig --track front=/dev/video0 --track mic=mic: --duration 8h");
}

std::string summary(const ChunkedResult& result) {
    std::uint64_t bytes = 0;
    for (const auto& chunk : result.chunks) bytes += chunk.bytes;
    auto text =
        fmt::format("{} {} in {}, {}, {}\n", result.chunks.size(), result.chunks.size() == 1 ? "chunk" : "chunks",
                    result.directory, clock_text(result.duration_s), bytes_text(bytes));
    for (const auto& stream : result.streams) {
        text += fmt::format("  {:<10}{:<10}{} written", stream.name, stream.codec, stream.written);
        if (stream.dropped > 0) text += fmt::format(", {} dropped", stream.dropped);
        if (stream.lost > 0) text += fmt::format(", {} lost", stream.lost);
        text += "\n";
    }
    for (const auto& note : result.notes) text += fmt::format("  note    {}\n", note);
    return text;
}

int exit_code(const ChunkedResult& result) {
    for (const auto& failure : result.failures) print_error(failure);
    if (!result.failures.empty()) return kFailed;
    if (!result.lossy()) return kDone;
    for (const auto& stream : result.streams)
        if (stream.dropped + stream.lost > 0)
            print_error(fmt::format("{}: {} of {} are not in the chunks: {} dropped (queue full), {} lost", stream.name,
                                    stream.dropped + stream.lost, stream.pushed, stream.dropped, stream.lost));
    return kLosses;
}

}  // namespace

int chunk(const Args& args) {
    Options options;
    CommandLine app{"Record camera and microphone in chunks: Matroska files of a fixed length.", "onetake chunk"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    if (options.config.video_track.source == SourceKind::external) {
        print_error("--source external: only a program that pushes media can use it; must be device or test");
        return kUsage;
    }
    options.recording.recorder = options.config.config();
    options.recording.recorder.store.codec = options.codec;
    ProgressLine line(options.output, options.duration_s);
    if (!options.duration_s) line.note("Recording; Ctrl-C ends it.");
    std::stop_source stop;
    const Interrupt interrupt(stop);
    const auto result = record_chunks(
        options.recording, options.duration_s.value_or(std::numeric_limits<double>::infinity()), stop.get_token(),
        [&line](const Progress& progress) { line.show(progress); },
        [&line](const RecorderEvent& event) { line.show(event); });
    line.clear();
    if (!result) return report(result.error());
    if (options.output.json)
        print(to_json(*result) + "\n");
    else if (!options.output.quiet)
        print(summary(*result));
    return exit_code(*result);
}

}  // namespace onetake::cli
