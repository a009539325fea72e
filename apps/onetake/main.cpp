#include "commands.h"
#include "legacy_args.h"

#include <onetake/version.h>

#include <algorithm>
#include <array>
#include <exception>
#include <fmt/format.h>
#include <signal.h>
#include <string_view>

namespace {

using namespace onetake::cli;

struct Command {
    std::string_view name;
    std::string_view line;
    int (*run)(const Args&);
};
constexpr auto kCommands = std::to_array<Command>({
    {"record", "record camera and microphone into a take, then render its MP4", record},
    {"process", "enhance and render stored takes", process},
    {"list", "list the takes", list},
    {"devices", "list cameras with their modes, and microphones", devices},
    {"check", "verify a take and list what is missing", check},
    {"recover", "repair a broken take", recover},
    {"mark", "set a marker in a take that is being recorded", mark},
    {"merge", "join the chunks of a recording to one file", merge},
    {"import", "create a take from another program's recording", import_command},
    {"sidecar", "record the audio for another program's video", sidecar},
    {"mux", "add recorded audio to another program's video", mux},
    {"calibrate", "measure the offset between microphone and camera", calibrate_command},
    {"selftest", "measure the sync of a test recording on this machine", selftest_command},
    {"models", "list, download and verify models for speech enhancement", models},
    {"version", "show the version, and which optional parts work here", version_command},
});

std::string help() {
    std::string text =
        "onetake records camera and microphone, in sync, in takes that survive crashes.\n"
        "Usage: onetake COMMAND [options]\n\n";
    for (const auto& command : kCommands) text += fmt::format("  {:<10}{}\n", command.name, command.line);
    text +=
        "\n  -h, --help  after a command: its options and an example\n\n"
        "Without a command it records: onetake --duration 60 --name interview\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 finished with losses,\n"
        "            4 ended early, the disk was full or could not be written\n";
    return text;
}

int run(const Args& args) {
    if (args.empty() || args[0].starts_with('-')) {
        print(help());
        return finish_output(args.empty() ? kUsage : kDone);
    }
    const auto found =
        std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == args[0]; });
    if (found != kCommands.end()) return finish_output(found->run(Args(args.begin() + 1, args.end())));
    print_error(fmt::format("there is no command '{}' (see onetake --help)", args[0]));
    return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
    // A closed pipe must not end a recording.
    signal(SIGPIPE, SIG_IGN);
    // Nor must a file size limit: the write fails with EFBIG instead, as on a full disk.
    signal(SIGXFSZ, SIG_IGN);
    try {
        return run(with_command(Args(argv + 1, argv + argc)));
    } catch (const std::exception& problem) {
        print_error(fmt::format("unexpected: {}", problem.what()));
        return kFailed;
    }
}
