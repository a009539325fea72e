#pragma once

#include "cli.h"

#include <string>

namespace onetake::cli {

/// Adds `--config FILE`, which reads a TOML file with values of the command's options.
void add_profile_option(CommandLine& app);

/// The arguments with the options of the file that `--config` names in front, so that what is on the command line
/// counts more. Keys at the file's top level are for every command that has such an option; those of a section like
/// [record] for that command only. Throws CLI::ValidationError: a file that can't be read, an unknown key or section.
Args with_profile(const CommandLine& app, Args args);

}  // namespace onetake::cli
