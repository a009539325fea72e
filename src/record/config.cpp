#include "record/config.h"

#include <onetake/config_fields.h>

#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace onetake {

namespace {

template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

bool is_choice(std::string_view choices, std::string_view value) {
    while (!choices.empty()) {
        const auto end = choices.find('|');
        if (choices.substr(0, end) == value) return true;
        if (end == std::string_view::npos) break;
        choices.remove_prefix(end + 1);
    }
    return false;
}

struct Check {
    Status status;

    void refuse(const FieldInfo& info, std::string_view value, std::string_view allowed) {
        if (status)
            status =
                fail(ErrorCode::invalid_argument, fmt::format("{} is {}; allowed: {}.", info.name, value, allowed));
    }
    template <Number T>
    void operator()(const FieldInfo& info, const T& value) {
        if (info.min == info.max) return;
        const auto v = static_cast<double>(value);
        if (!(v >= info.min && v <= info.max))
            refuse(info, fmt::format("{}", value), fmt::format("{} to {}", info.min, info.max));
    }
    template <Number T>
    void operator()(const FieldInfo& info, const std::optional<T>& value) {
        if (value) (*this)(info, *value);
    }
    void operator()(const FieldInfo& info, const std::string& value) {
        if (!info.choices.empty() && !is_choice(info.choices, value)) refuse(info, '"' + value + '"', info.choices);
        if (value.find('\0') != std::string::npos) refuse(info, "text with a NUL byte", "text without one");
    }
    template <class E>
    requires std::is_enum_v<E>
    void operator()(const FieldInfo& info, const E& value) {
        std::string names;
        for (const auto& [name, known] : enum_names<E>) {
            if (known == value) return;
            if (!names.empty()) names += '|';
            names += name;
        }
        refuse(info, "another value", names);
    }
    template <class T>
    void operator()(const FieldInfo&, const T&) {}
};

struct ToJson {
    nlohmann::ordered_json object;

    template <class T>
    requires std::is_enum_v<T>
    void operator()(const FieldInfo& info, const T& value) { object[std::string(info.name)] = enum_name(value); }
    template <Number T>
    void operator()(const FieldInfo& info, const std::optional<T>& value) {
        object[std::string(info.name)] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
    }
    template <class T>
    requires(!std::is_enum_v<T>) void operator()(const FieldInfo& info, const T& value) {
        object[std::string(info.name)] = value;
    }
};

}  // namespace

Status validate(const RecorderConfig& config) {
    Check check;
    visit_config_fields(config, check);
    if (!check.status) return check.status;
    auto refuse = [](std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); };
    if (!config.video && !config.audio) return refuse("video and audio are both off: nothing to record.");
    for (const auto& control : config.v4l2_controls)
        if (control.find('=') == std::string::npos || control.front() == '=')
            return refuse(fmt::format("v4l2_controls has \"{}\"; allowed: control=value.", control));
    if (!config.convert_rgb && config.source == SourceKind::device && config.fourcc != "MJPG")
        return refuse(fmt::format("convert_rgb is false with fourcc {}; only a camera's MJPG can be stored untouched.",
                                  config.fourcc));
    if (config.data_dir.empty() || config.processed_dir.empty())
        return refuse("data_dir and processed_dir must name a folder; \".\" is the current one.");
    return {};
}

std::string config_json(const RecorderConfig& config) {
    ToJson json;
    visit_config_fields(config, json);
    return json.object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace onetake
