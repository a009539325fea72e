#include "commands.h"
#include "interrupt.h"
#include "summary.h"

#include <onetake/take.h>

#include <fmt/format.h>

namespace onetake::cli {

int import_command(const Args& args) {
    ImportOptions options;
    bool json = false, quiet = false;
    CommandLine app{"Create a take from another program's recording: JPEGs, their times, a WAV.", "onetake import"};
    app.add_option("NAME", options.name, "of the new take (a local-time stamp)");
    app.add_option("--frames", options.frames_dir, "folder of JPEGs, in name order")->type_name("DIR")->required();
    app.add_option("--frame-times", options.frame_times_path, "a line per JPEG: its capture instant in seconds")
        ->type_name("FILE")
        ->required();
    auto* audio = app.add_option("--audio", options.audio_path, "16-bit PCM WAV")->type_name("WAV");
    auto* times = app.add_option("--audio-times", options.audio_times_path, "lines `sample_index seconds`")
                      ->type_name("FILE")
                      ->needs(audio);
    audio->needs(times);
    std::string stamps = "auto";
    app.add_option("--audio-stamps", stamps, "what those times are: arrival (late, never early), capture, auto (auto)")
        ->type_name("KIND")
        ->check(CLI::IsMember({"arrival", "capture", "auto"}))
        ->needs(times);
    app.add_option("--data-dir", options.data_dir, "folder of the takes (av_data)")->type_name("DIR");
    app.add_flag("--json", json, "print the result as JSON");
    app.add_flag("--quiet", quiet, "print errors only");
    app.footer(
        "Example: onetake import race --frames jpegs --frame-times times.txt\n"
        "         --audio race.wav --audio-times race-clock.txt");
    if (const auto code = parse(app, args)) return *code;

    options.audio_stamps = stamps == "arrival"   ? AudioStamps::arrival
                           : stamps == "capture" ? AudioStamps::capture
                                                 : AudioStamps::automatic;

    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    options.cancel = cancel.get_token();
    const auto result = import_take(options);
    if (!result) return report(result.error());
    if (json)
        print(to_json(*result) + "\n");
    else if (!quiet)
        print(summary(*result) +
              fmt::format("Next: onetake process {}{}\n", result->name,
                          options.data_dir == ImportOptions{}.data_dir ? "" : " --data-dir " + options.data_dir));
    return report_losses(*result);
}

}  // namespace onetake::cli
