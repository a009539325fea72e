#pragma once

#include "cli.h"

#include <span>
#include <string_view>

/// The commands: each parses its own arguments and returns the program's exit code.
namespace onetake::cli {

int record(const Args& args);
int process(const Args& args);
int encode(const Args& args);
int room(const Args& args);
int devices(const Args& args);
int list(const Args& args);
int import_command(const Args& args);
int export_command(const Args& args);
int check(const Args& args);
int recover(const Args& args);
int selftest_command(const Args& args);
int calibrate_command(const Args& args);
int sidecar(const Args& args);
int mux(const Args& args);
int mark(const Args& args);
int merge(const Args& args);
int models(const Args& args);
int version_command(const Args& args);

struct Command {
    std::string_view name;
    std::string_view line;  ///< what it does
    int (*run)(const Args&);
};
/// In the order of the program's help.
std::span<const Command> commands();
/// Null if there is no such command.
const Command* find_command(std::string_view name);
std::vector<std::string> command_names();

}  // namespace onetake::cli
