#pragma once

#include "base/error.h"

#include <onetake/container_format.h>
#include <onetake/metrics.h>

#include <array>
#include <string>
#include <string_view>

namespace onetake {

/// The paths of a stored take and the metrics of its manifest; without a manifest, those from its journal.
Result<TakeResult> stored_take(const std::string& data_dir, const std::string& name);

/// Path of a take's rendering: `<processed_dir>/<name>.mp4`, the name being output_name()'s.
std::string rendered_path(const std::string& processed_dir, const std::string& name, const char* extension);

/// A command for a take, to be shown to a person: "onetake process interview --data-dir /data", with the folders that
/// are not the defaults. `processed_dir` empty: a command that does not have it.
std::string take_command(std::string_view command, const std::string& name, const std::string& data_dir,
                         const std::string& processed_dir = {});

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

/// The formats of files that takes are rendered to.
inline constexpr auto kRenderedFormats =
    std::to_array<ContainerFormat>({ContainerFormat::mp4, ContainerFormat::mkv, ContainerFormat::avi});

}  // namespace onetake
