#include "v4l2/v4l2_controls.h"

#include <onetake/config.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace onetake {
namespace {

struct RenamedControl {
    std::string_view name;
    std::uint32_t id;
};
/// Old and new names of the same control, so that one configuration works with every kernel version.
constexpr std::array kRenamed = {
    RenamedControl{"exposure_dynamic_framerate", V4L2_CID_EXPOSURE_AUTO_PRIORITY},
    RenamedControl{"exposure_auto_priority", V4L2_CID_EXPOSURE_AUTO_PRIORITY},
    RenamedControl{"auto_exposure", V4L2_CID_EXPOSURE_AUTO},
    RenamedControl{"exposure_auto", V4L2_CID_EXPOSURE_AUTO},
    RenamedControl{"exposure_time_absolute", V4L2_CID_EXPOSURE_ABSOLUTE},
    RenamedControl{"exposure_absolute", V4L2_CID_EXPOSURE_ABSOLUTE},
    RenamedControl{"white_balance_automatic", V4L2_CID_AUTO_WHITE_BALANCE},
    RenamedControl{"white_balance_temperature_auto", V4L2_CID_AUTO_WHITE_BALANCE},
    RenamedControl{"focus_automatic_continuous", V4L2_CID_FOCUS_AUTO},
    RenamedControl{"focus_auto", V4L2_CID_FOCUS_AUTO},
};
/// Bounds the enumeration for drivers that never end it.
constexpr int kMaxControls = 1024;

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const bool negative = text.starts_with('-');
    std::string_view digits = negative ? text.substr(1) : text;
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (hex) digits.remove_prefix(2);
    std::string signed_digits = negative ? "-" : "";
    signed_digits += digits;
    const char* end = signed_digits.data() + signed_digits.size();
    const auto [stop, error] = std::from_chars(signed_digits.data(), end, number, hex ? 16 : 10);
    return error == std::errc() && stop == end && !digits.empty();
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
    return text;
}

std::optional<v4l2_queryctrl> query(const V4l2Device& device, std::uint32_t id) {
    v4l2_queryctrl control{};
    control.id = id;
    if (device.ioctl(VIDIOC_QUERYCTRL, control) != 0 || (control.flags & V4L2_CTRL_FLAG_DISABLED) != 0)
        return std::nullopt;
    return control;
}

std::optional<v4l2_queryctrl> find_control(const V4l2Device& device, const V4l2ControlSetting& setting) {
    if (setting.id != 0) return query(device, setting.id);
    std::uint32_t id = 0;
    for (int i = 0; i < kMaxControls; ++i) {
        v4l2_queryctrl control{};
        control.id = id | V4L2_CTRL_FLAG_NEXT_CTRL;
        if (device.ioctl(VIDIOC_QUERYCTRL, control) != 0) break;
        id = control.id;
        const auto* name = reinterpret_cast<const char*>(control.name);
        const bool usable = control.type != V4L2_CTRL_TYPE_CTRL_CLASS && (control.flags & V4L2_CTRL_FLAG_DISABLED) == 0;
        if (usable && control_name({name, strnlen(name, sizeof control.name)}) == setting.name) return control;
    }
    const auto* renamed = std::find_if(kRenamed.begin(), kRenamed.end(),
                                       [&](const RenamedControl& control) { return control.name == setting.name; });
    return renamed != kRenamed.end() ? query(device, renamed->id) : std::nullopt;
}

std::string refusal(const v4l2_queryctrl& control, const V4l2ControlSetting& setting, int error_number) {
    const std::string what = fmt::format("camera control {}={}", setting.name, setting.value);
    switch (error_number) {
        case ERANGE:
        case EINVAL:
            return fmt::format("{}: refused; allowed values are {} to {}", what, control.minimum, control.maximum);
        case EACCES:
            return fmt::format("{}: refused; it is read-only", what);
        case EBUSY:
            return fmt::format("{}: refused; another program or an automatic mode controls it", what);
        default:
            return fmt::format("{}: refused: {}", what, errno_text(error_number));
    }
}

}  // namespace

std::string control_name(std::string_view name) {
    std::string normal;
    bool gap = false;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) == 0) {
            gap = true;
            continue;
        }
        if (gap && !normal.empty()) normal += '_';
        gap = false;
        normal += static_cast<char>(std::tolower(byte));
    }
    return normal;
}

Result<V4l2ControlSetting> parse_control(std::string_view text) {
    V4l2ControlSetting setting;
    const auto equals = text.find('=');
    const std::string_view name = trimmed(text.substr(0, equals));
    if (equals == std::string_view::npos || control_name(name).empty())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("camera control \"{}\": write it as name=value, such as brightness=128.", text));
    if (!read_number(trimmed(text.substr(equals + 1)), setting.value))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("camera control \"{}\": the value must be an integer; v4l2-ctl --list-ctrls shows "
                                "what is allowed.",
                                text));
    const bool numeric = read_number(name, setting.id);
    setting.name = numeric ? std::string(name) : control_name(name);
    const auto defaults = VideoTrackConfig{}.v4l2_controls;
    setting.optional = std::find(defaults.begin(), defaults.end(), text) != defaults.end();
    return setting;
}

V4l2ControlReport set_controls(const V4l2Device& device, std::span<const V4l2ControlSetting> settings) {
    V4l2ControlReport report;
    for (const V4l2ControlSetting& setting : settings) {
        const auto found = find_control(device, setting);
        if (!found) {
            if (!setting.optional)
                report.notes.push_back(fmt::format("the camera has no control {}; left unset", setting.name));
            continue;
        }
        v4l2_control control{found->id, setting.value};
        if (const int error = device.ioctl(VIDIOC_S_CTRL, control); error != 0) {
            report.notes.push_back(refusal(*found, setting, error));
            continue;
        }
        // Buttons and write-only controls can't be read back; the value is then the one set.
        if (v4l2_control now{found->id, 0}; device.ioctl(VIDIOC_G_CTRL, now) == 0) control.value = now.value;
        report.values.emplace_back(setting.name, std::to_string(control.value));
        if (control.value != setting.value)
            report.notes.push_back(
                fmt::format("camera control {}: asked for {}, got {}", setting.name, setting.value, control.value));
    }
    return report;
}

}  // namespace onetake
