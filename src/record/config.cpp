#include "record/config.h"

#include "base/error.h"
#include "inspect/stored_take.h"
#include "render/renderer.h"

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
    std::string where;  // " of video track 2"
    Status status;

    void refuse(const FieldInfo& info, std::string_view value, std::string_view allowed) {
        if (status)
            status = fail(ErrorCode::invalid_argument,
                          fmt::format("{}{} is {}; allowed: {}.", info.name, where, value, allowed));
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
    void operator()(const FieldInfo& info, const std::optional<bool>& value) {
        object[std::string(info.name)] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
    }
    template <class T>
    requires(!std::is_enum_v<T>) void operator()(const FieldInfo& info, const T& value) {
        object[std::string(info.name)] = value;
    }
};

tl::unexpected<Error> refuse(std::string message) {
    return fail(ErrorCode::invalid_argument, std::move(message));
}

template <class Config>
Status check_fields(const Config& config, std::string where = {}) {
    Check check{std::move(where), {}};
    visit_fields(config, check);
    return check.status;
}

// For messages; nothing where there is only one track.
std::string place(std::string_view kind, std::size_t index, std::size_t tracks) {
    return tracks > 1 ? fmt::format(" of {} track {}", kind, index + 1) : std::string();
}

Status check_track(const VideoTrackConfig& track, const std::string& where) {
    ONETAKE_TRY(check_fields(track, where));
    for (const auto& control : track.v4l2_controls)
        if (control.find('=') == std::string::npos || control.front() == '=')
            return refuse(fmt::format("v4l2_controls{} has \"{}\"; allowed: control=value.", where, control));
    if (!track.convert_rgb && track.source == SourceKind::device && track.fourcc != "MJPG")
        return refuse(
            fmt::format("convert_rgb{} is false with fourcc {}; only a camera's MJPG can be stored untouched.", where,
                        track.fourcc));
    return {};
}

nlohmann::ordered_json tracks_json(const auto& tracks) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& track : tracks) {
        ToJson json{{{"source", enum_name(track.source)}, {"label", track.label}}};
        visit_fields(track, json);
        list.push_back(std::move(json.object));
    }
    return list;
}

}  // namespace

Status validate(const RecorderConfig& config) {
    if (config.video.empty() && config.audio.empty() && config.data.empty())
        return refuse("video and audio are both off: nothing to record.");
    for (std::size_t i = 0; i < config.video.size(); ++i)
        ONETAKE_TRY(check_track(config.video[i], place("video", i, config.video.size())));
    for (std::size_t i = 0; i < config.audio.size(); ++i)
        ONETAKE_TRY(check_fields(config.audio[i], place("audio", i, config.audio.size())));
    ONETAKE_TRY(check_fields(config));
    if (config.video.empty() && config.audio.empty() && config.encode.container != ContainerFormat::mkv)
        return refuse("video and audio are both off, and an MP4 can't hold data; allowed: container mkv.");
    if (config.store.codec == "ffv1" && config.instant_mp4 && config.encode.container == ContainerFormat::mp4 &&
        copies_encoded_tracks(config.encode))
        return refuse(
            "store_codec is ffv1, which an MP4 can't hold; allowed: container mkv, or another codec to render with.");
    if (config.data_dir.empty() || config.processed_dir.empty())
        return refuse("data_dir and processed_dir must name a folder; \".\" is the current one.");
    const auto& e = config.enhance;
    if (config.audio.empty() && (e.required || e.enabled.value_or(false)))
        return refuse("speech enhancement is on and audio is off: there is nothing to enhance.");
    if (config.audio.empty() && config.require_audio) return refuse("require_audio is set and audio is off.");
    if (e.required && !e.enabled.value_or(true)) return refuse("require_enhance is set and denoise is off.");
    if (config.encode.cfr && config.encode.codec == "copy")
        return refuse("cfr needs an encoder: with codec copy, the stored JPEGs keep their own times.");
    return {};
}

std::string config_json(const RecorderConfig& config) {
    ToJson json{{{"video_tracks", tracks_json(config.video)}, {"audio_tracks", tracks_json(config.audio)}}};
    for (const auto& track : config.data) json.object["data_tracks"].push_back({{"label", track.label}});
    visit_fields(config, json);
    json.object["container"] = extension_of(config.encode.container);  // also those that are no choice of a field
    return json.object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace onetake
