#pragma once

#include "v4l2/v4l2_device.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onetake {

/// One requested `control=value`.
struct V4l2ControlSetting {
    std::string name;      ///< normalised, or the number as written
    std::uint32_t id = 0;  ///< 0: to be found by name
    std::int32_t value = 0;
    bool optional = false;  ///< one of the defaults: no note if the camera lacks it
};

/// "Exposure, Dynamic Framerate" → "exposure_dynamic_framerate", as v4l2-ctl shows it.
std::string control_name(std::string_view name);
/// Reads "name=value" or "0x009a0903=value"; the value is an integer, decimal or 0x….
Result<V4l2ControlSetting> parse_control(std::string_view text);

struct V4l2ControlReport {
    std::vector<std::pair<std::string, std::string>> values;  ///< control → value read back
    std::vector<std::string> notes;                           ///< what could not be set, or was set to another value
};
/// Sets the controls in order; a control that the camera refuses is a note, not an error.
V4l2ControlReport set_controls(const V4l2Device& device, std::span<const V4l2ControlSetting> settings);

}  // namespace onetake
