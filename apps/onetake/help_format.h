#pragma once

#include "cli.h"

#include <string>

namespace onetake::cli {

/// common: the options marked so, in one list that fits a screen; all: every option by group.
enum class HelpScope { common, all };

std::string help_text(CommandLine& app, HelpScope scope);

}  // namespace onetake::cli
