#pragma once

#include "cli.h"

/// The commands: each parses its own arguments and returns the program's exit code.
namespace onetake::cli {

int record(const Args& args);
int process(const Args& args);
int devices(const Args& args);
int list(const Args& args);
int import_command(const Args& args);
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

}  // namespace onetake::cli
