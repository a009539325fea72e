#include "commands.h"

#include <algorithm>
#include <array>

namespace onetake::cli {

namespace {

constexpr auto kCommands = std::to_array<Command>({
    {"record", "record camera and microphone into a take, then render its MP4", record},
    {"process", "enhance and render stored takes", process},
    {"encode", "record one video stream into one encoded file", encode},
    {"room", "record several people into one file", room},
    {"list", "list the takes", list},
    {"devices", "list cameras with their modes, and microphones", devices},
    {"check", "verify a take and list what is missing", check},
    {"recover", "repair a broken take", recover},
    {"mark", "set a marker in a take that is being recorded", mark},
    {"merge", "join the chunks of a recording to one file", merge},
    {"import", "create a take from another program's recording", import_command},
    {"export", "write a take's times and events as CSV tables", export_command},
    {"sidecar", "record the audio for another program's video", sidecar},
    {"mux", "add recorded audio to another program's video", mux},
    {"calibrate", "measure the offset between microphone and camera", calibrate_command},
    {"selftest", "measure the sync of a test recording on this machine", selftest_command},
    {"models", "list, download and verify models for speech enhancement", models},
    {"version", "show the version, and which optional parts work here", version_command},
});

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

const Command* find_command(std::string_view name) {
    const auto found =
        std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == name; });
    return found == kCommands.end() ? nullptr : &*found;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const auto& command : kCommands) names.emplace_back(command.name);
    return names;
}

}  // namespace onetake::cli
