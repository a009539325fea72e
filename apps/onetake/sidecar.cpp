#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "process_watch.h"

#include <onetake/sidecar.h>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <stop_token>
#include <string_view>
#include <unistd.h>

namespace onetake::cli {

namespace {

constexpr auto kSidecarFields = std::to_array<std::string_view>(
    {"source", "audio_device", "sample_rate", "channels", "blocksize", "fsync", "data_dir"});
constexpr int kPollInterval_ms = 50;  // for signals and a full disk

struct SidecarArguments {
    FlatConfig config;
    std::string feed;
    std::optional<pid_t> parent;
    bool quiet = false;
};

void add_options(CommandLine& app, SidecarArguments& options) {
    app.add_option("NAME", options.feed, "of the feed: the take is NAME_aud_<ULID>")->required();
    const auto set_parent = [&options](const CLI::results_t& values) {
        options.parent = static_cast<pid_t>(number_of("--parent", values.back(), 0, 4194304));
        return true;
    };
    app.add_option("--parent", set_parent, "process at whose end this one stops; 0: none (the one that started it)")
        ->type_name("PID");
    add_config_flags(app, options.config, [](const FieldInfo& field) {
        return std::find(kSidecarFields.begin(), kSidecarFields.end(), field.name) != kSidecarFields.end();
    });
    app.add_flag("--quiet", options.quiet, "don't print the command for onetake mux");
    app.footer("Example: onetake sidecar webcam --audio-device USB");
}

SidecarConfig sidecar_config(const SidecarArguments& options) {
    SidecarConfig config;
    config.feed = options.feed;
    config.microphone = options.config.audio_track;
    config.microphone.source = options.config.video_track.source;
    config.data_dir = options.config.rest.data_dir;
    config.fsync = options.config.rest.store.fsync;
    return config;
}

/// One line, flushed at once: another program waits for it.
int print_start(const SidecarStart& start) {
    const auto text = [](const std::string& s) {
        return nlohmann::json(s).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    print(fmt::format("{{\"audio_start\": {:.9f}, \"audio_start_unix\": {:.6f}, \"take\": {}, \"wav\": {}}}\n",
                      start.audio_start, start.audio_start_unix, text(start.take), text(start.wav_path)));
    return finish_output(kDone);
}

}  // namespace

int sidecar(const Args& args) {
    SidecarArguments options;
    CommandLine app{"Record the audio for a video that another program records, until it is stopped.",
                    "onetake sidecar"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    const pid_t parent = options.parent.value_or(::getppid());
    std::optional<ProcessWatch> watch;
    if (parent > 0) {
        auto opened = ProcessWatch::of(parent);
        if (!opened) return report(opened.error());
        watch.emplace(std::move(*opened));
    }
    auto sidecar = SidecarAudio::create(sidecar_config(options));
    if (!sidecar) return report(sidecar.error());
    std::stop_source stop;
    const Interrupt interrupt(stop);
    const auto start = sidecar->start();
    if (!start) return report(start.error());
    if (const int code = print_start(*start); code != kDone) return code;
    while (!stop.stop_requested() && !sidecar->ended_early()) {
        if (watch ? watch->wait(kPollInterval_ms) : (::poll(nullptr, 0, kPollInterval_ms), false)) break;
    }
    const auto result = sidecar->stop();
    if (!result) return report(result.error());
    if (!options.quiet) print(sidecar->mux_command() + "\n");
    const int code = report_losses(*result);
    if (result->metrics.ended_early.empty()) return code;
    print_error(fmt::format("{}: the take ended early: {}", result->name, result->metrics.ended_early));
    return kEndedEarly;
}

}  // namespace onetake::cli
