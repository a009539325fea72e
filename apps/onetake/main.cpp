#include "commands.h"
#include "legacy_args.h"
#include "suggest.h"

#include <onetake/version.h>

#include <exception>
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>

namespace {

using namespace onetake::cli;

std::string help() {
    std::string text =
        "onetake records camera and microphone, in sync, in takes that survive crashes.\n"
        "Usage: onetake COMMAND [options]   -h after a command: its options, an example\n\n";
    for (const auto& command : commands()) text += fmt::format("  {:<10}{}\n", command.name, command.line);
    text +=
        "Without a command it records: onetake --duration 60 --name interview\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 with losses, 4 ended early (disk)\n";
    return text;
}

int no_command(const std::string& name) {
    auto names = command_names();
    names.emplace_back("help");
    print_error(fmt::format("there is no command '{}'{} (see onetake --help)", name, did_you_mean(name, names)));
    return kUsage;
}

int run(Args args) {
    const bool asks_for_help = !args.empty() && args[0] == "help";
    if (asks_for_help && args.size() > 1) args = {args[1], "--help"};
    if (args.empty() || args[0].starts_with('-') || args[0] == "help") {
        print(help());
        return finish_output(args.empty() ? kUsage : kDone);
    }
    const auto* command = find_command(args[0]);
    if (command == nullptr) return no_command(args[0]);
    return finish_output(command->run(Args(args.begin() + 1, args.end())));
}

}  // namespace

int main(int argc, char** argv) {
    // A closed pipe must not end a recording.
    signal(SIGPIPE, SIG_IGN);
    // Nor must a file size limit: the write fails with EFBIG instead, as on a full disk.
    signal(SIGXFSZ, SIG_IGN);
    // Frames' memory goes back to the system when it is freed, so that a stall's backlog does not stay for hours.
    constexpr int kLarge = 1 << 20;  // bytes
    mallopt(M_MMAP_THRESHOLD, kLarge);
    try {
        return run(with_command(Args(argv + 1, argv + argc)));
    } catch (const std::exception& problem) {
        print_error(fmt::format("unexpected: {}", problem.what()));
        return kFailed;
    }
}
