#pragma once

#include "cli.h"

#include <onetake/flat_config.h>

#include <functional>
#include <string>
#include <string_view>

namespace onetake::cli {

/// Adds a flag to `app` for every field of `config` that `wanted` selects, and --config. An invalid value is refused
/// while parsing; the error names the flag, the value and what is allowed. `config` must outlive the parsing.
void add_config_flags(CommandLine& app, FlatConfig& config, const std::function<bool(const FieldInfo&)>& wanted);
/// The same without the fields of tracks.
void add_config_flags(CommandLine& app, RecorderConfig& config, const std::function<bool(const FieldInfo&)>& wanted);

/// The fields that --help shows; the others only with --help-all.
bool is_common(std::string_view field);

/// `--data-dir` and `--processed-dir`, which every command that reads takes has.
bool is_take_folder(const FieldInfo& field);

/// An option's value as a number, or a CLI::ValidationError that names the allowed range.
double number_of(std::string_view flag, const std::string& value, double min, double max);
/// The same for a duration in seconds, which may have units: "90", "10m", "1h30m".
double duration_of(std::string_view flag, const std::string& value, double min, double max);

}  // namespace onetake::cli
