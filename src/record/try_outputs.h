#pragma once

#include <onetake/config.h>
#include <onetake/recorder.h>
#include <onetake/result.h>

#include <string>
#include <vector>

namespace onetake {

/// Tries what the outputs of the take `name` will need, before anything is recorded: encoders, folder and free space of
/// the output file, and the model. Leaves no file. Returns notes on what is replaced by something else. Errors: what
/// can't be made, and why; invalid_argument for a setting that an encoder refuses.
Result<std::vector<std::string>> try_outputs(const RecorderConfig& config, const std::string& name,
                                             const StartOptions& options);

}  // namespace onetake
