#pragma once

#include "cli.h"

namespace onetake::cli {

/// The arguments with a command in front, where they have none: `--duration 5` records,
/// `--process NAME`, `--download-model VARIANT`, `--list-audio`, `--list-video` and `--version` name their command as a
/// flag. Arguments that begin with a word, and none at all, are left as they are.
Args with_command(Args args);

}  // namespace onetake::cli
