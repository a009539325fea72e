#pragma once

#include "base/error.h"

#include <onetake/container_format.h>
#include <onetake/metrics.h>

#include <array>
#include <string>

namespace onetake {

/// The paths of a stored take and the metrics of its manifest; without a manifest, those from its journal.
Result<TakeResult> stored_take(const std::string& data_dir, const std::string& name);

/// Path of a take's rendering: `<processed_dir>/<name>.mp4`, the name being output_name()'s.
std::string rendered_path(const std::string& processed_dir, const std::string& name, const char* extension);

/// The extension of a format's files, without the dot.
constexpr const char* extension_of(ContainerFormat format) {
    switch (format) {
        case ContainerFormat::mp4:
            return "mp4";
        case ContainerFormat::mkv:
            return "mkv";
        case ContainerFormat::mov:
            return "mov";
        case ContainerFormat::avi:
            return "avi";
    }
    return "mp4";
}

/// The extensions of files that takes are rendered to.
inline constexpr auto kRenderedExtensions = std::to_array<const char*>({"mp4", "mkv", "avi"});

}  // namespace onetake
