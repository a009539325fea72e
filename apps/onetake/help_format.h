#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace onetake::cli {

/// common: the options marked so, in one list that fits a screen; all: every option by group.
enum class HelpScope { common, all };

/// Shows an option only with --help-all.
void keep_for_help_all(CLI::Option& option);

std::string help_text(CLI::App& app, HelpScope scope);

}  // namespace onetake::cli
