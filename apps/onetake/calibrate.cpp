#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "screen_flash.h"
#include "summary.h"
#include "take_argument.h"

#include <onetake/calibration.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <thread>

namespace onetake::cli {

namespace {

constexpr auto kCalibrateFields =
    std::to_array<std::string_view>({"video_device", "width", "height", "fps", "fourcc", "convert_rgb", "v4l2_controls",
                                     "audio_device", "sample_rate", "channels", "blocksize", "data_dir"});
constexpr auto kTimeToRead = std::chrono::seconds(4);

void add_options(CommandLine& app, FlatConfig& config, CalibrateOptions& options, std::vector<std::string>& takes) {
    auto* from = app.add_option("--from", options.take, "measure this take, a recording of flashes and beeps");
    from->type_name("TAKE");
    app.add_option("--apply", takes, "write the offset into these takes of the same devices")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->type_name("TAKE")
        ->needs(from);
    app.add_flag("--store,!--no-store", options.store, "store the offset for later takes (yes)");
    const auto number = [&app](const char* flag, double min, double max, const char* text, auto& field) {
        return app
            .add_option_function<std::string>(
                flag,
                [&field, flag, min, max](const std::string& value) {
                    field = static_cast<std::remove_reference_t<decltype(field)>>(number_of(flag, value, min, max));
                },
                text)
            ->type_name("N");
    };
    number("--flashes", 5, 1000, "number of flashes (16)", options.flashes);
    number("--screen-delay-ms", -1000, 1000, "delay of the screen (30)", options.screen_delay_ms);
    app.keep_for_help_all(number("--tone-hz", 100, 4000, "pitch of the take's beeps (1000)", options.tone_hz));
    add_config_flags(app, config, [](const FieldInfo& field) {
        return std::find(kCalibrateFields.begin(), kCalibrateFields.end(), field.name) != kCalibrateFields.end();
    });
}

/// Announces the flashes; false if the user interrupts before they begin.
bool announce(const std::stop_token& cancel) {
    std::fputs(
        "Turn the camera so that it sees this screen, and the loudspeaker up.\n"
        "The screen will flash and beep for half a minute; Ctrl-C ends it.\n",
        stderr);
    const auto until = std::chrono::steady_clock::now() + kTimeToRead;
    while (!cancel.stop_requested() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return !cancel.stop_requested();
}

/// Each take by itself: one that is refused does not keep the others from it.
int apply(const OffsetReport& offset, const std::vector<std::string>& takes, const std::string& data_dir, bool quiet) {
    int code = kDone;
    for (const auto& text : takes) {
        const auto take = take_argument(text, data_dir);
        auto status = apply_offset(take.data_dir, take.name, offset);
        if (!status && status.error().code == ErrorCode::not_found) status.error().message += other_take_hint(take);
        if (!status)
            code = worse(code, report(status.error()));
        else if (!quiet)
            print(fmt::format("Applied to {}; onetake process renders it with the offset.\n", text));
    }
    return code;
}

}  // namespace

int calibrate_command(const Args& args) {
    FlatConfig config;
    CalibrateOptions options;
    std::vector<std::string> takes;
    bool json = false, quiet = false;
    CommandLine app{"Measure how late the microphone is against the camera, to correct later takes.",
                    "onetake calibrate"};
    add_options(app, config, options, takes);
    app.add_flag("--json", json, "print JSON");
    app.add_flag("--quiet", quiet, "print errors only");
    app.footer("Example: onetake calibrate --device 0\n         onetake calibrate --from take-with-flashes");
    if (const auto code = parse(app, args)) return *code;

    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    options.cancel = cancel.get_token();
    std::optional<ScreenFlash> screen;
    if (options.take.empty()) {
        if (!ScreenFlash::possible())
            return report(
                {ErrorCode::unsupported,
                 "A flash needs a terminal on stderr. Run this in a terminal that the camera can see, or measure a "
                 "take of another light and sound with --from."});
        if (!announce(options.cancel)) return kFailed;
        screen.emplace();
        options.show_flash = [&screen](bool lit) { screen->show(lit); };
    }
    const auto result = calibrate(config.config(), options);
    screen.reset();
    if (!result) return report(result.error());
    if (json)
        print(to_json(*result) + "\n");
    else if (!quiet)
        print(summary(*result));
    return apply(*result, takes, config.rest.data_dir, json || quiet);
}

}  // namespace onetake::cli
