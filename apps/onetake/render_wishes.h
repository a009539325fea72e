#pragma once

#include "cli.h"

#include <onetake/take.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace onetake::cli {

/// What the command line asks of renderings: the options of rendering that were given, not those left at their
/// defaults.
class RenderWishes {
 public:
    /// `app` has parsed; `config` and `enhance` hold the values.
    RenderWishes(const CommandLine& app, const RecorderConfig& config, std::optional<bool> enhance);

    /// Unset: none was asked for.
    std::optional<ContainerFormat> container() const { return container_; }
    /// Whether a file was rendered with these settings, and has this audio.
    bool met_by(const OutputFileInfo& file) const;

 private:
    std::vector<std::pair<std::string, std::string>> settings_;  // name and JSON value
    std::optional<ContainerFormat> container_;
    bool transcode_ = false;
    std::optional<bool> enhanced_;
};

}  // namespace onetake::cli
