#include "commands.h"

#include <onetake/devices.h>

#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

namespace onetake::cli {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const VideoDeviceInfo& camera) {
    Json modes = Json::array();
    for (const auto& mode : camera.modes)
        modes.push_back({{"fourcc", mode.fourcc}, {"width", mode.width}, {"height", mode.height}, {"fps", mode.fps}});
    return {{"index", camera.index},   {"path", camera.path}, {"stable_id", camera.stable_id}, {"name", camera.name},
            {"driver", camera.driver}, {"modes", modes},      {"problem", camera.problem}};
}

Json to_json(const AudioDeviceInfo& microphone) {
    return {{"index", microphone.index},
            {"name", microphone.name},
            {"host_api", microphone.host_api},
            {"channels", microphone.channels},
            {"default_sample_rate", microphone.default_sample_rate},
            {"is_default", microphone.is_default}};
}

/// One line per pixel format: "MJPG  1920x1080 30 15, 1280x720 60 30".
std::string modes_text(const std::vector<VideoMode>& modes) {
    std::vector<std::pair<std::string, std::string>> lines;
    for (const auto& mode : modes) {
        auto line = std::find_if(lines.begin(), lines.end(), [&](const auto& l) { return l.first == mode.fourcc; });
        if (line == lines.end()) line = lines.insert(lines.end(), {mode.fourcc, ""});
        line->second += fmt::format("{}{}x{}", line->second.empty() ? "" : ", ", mode.width, mode.height);
        for (const double fps : mode.fps) line->second += fmt::format(" {:.4g}", fps);
    }
    std::string text;
    for (const auto& [fourcc, sizes] : lines) text += fmt::format("     {}  {}\n", fourcc, sizes);
    return text;
}

std::string table(const std::vector<VideoDeviceInfo>& cameras) {
    std::string text = "Cameras (--device)\n";
    for (const auto& camera : cameras) {
        text += fmt::format("  {:<2} {}  {} ({})\n", camera.index, camera.path, camera.name, camera.driver);
        if (!camera.stable_id.empty()) text += fmt::format("     {}\n", camera.stable_id);
        if (!camera.problem.empty()) text += fmt::format("     can't be used: {}\n", camera.problem);
        text += modes_text(camera.modes);
    }
    return cameras.empty() ? text + "  none found; is one plugged in, and may you read /dev/video*?\n" : text;
}

std::string table(const Result<std::vector<AudioDeviceInfo>>& microphones) {
    std::string text = "Microphones (--audio-device)\n";
    if (!microphones) return text + fmt::format("  none: {}\n", microphones.error().message);
    for (const auto& microphone : *microphones)
        text += fmt::format("  {:<2} {}  ({}, {} channels, {:.0f} Hz){}\n", microphone.index, microphone.name,
                            microphone.host_api, microphone.channels, microphone.default_sample_rate,
                            microphone.is_default ? "  default" : "");
    return microphones->empty() ? text + "  none found\n" : text;
}

Json as_json(const Result<std::vector<AudioDeviceInfo>>& microphones) {
    Json list = Json::array();
    if (microphones)
        for (const auto& microphone : *microphones) list.push_back(to_json(microphone));
    return list;
}

}  // namespace

int devices(const Args& args) {
    bool json = false, video_only = false, audio_only = false;
    CommandLine app{"List cameras with their modes, and microphones.", "onetake devices"};
    auto* video = app.add_flag("--video", video_only, "cameras only");
    app.add_flag("--audio", audio_only, "microphones only")->excludes(video);
    app.add_flag("--json", json, "print JSON");
    app.footer("Example: onetake devices --json");
    if (const auto code = parse(app, args)) return *code;

    Json object = Json::object();
    std::string text;
    if (!audio_only) {
        const auto cameras = list_video_devices();
        text += table(cameras);
        object["video"] = Json::array();
        for (const auto& camera : cameras) object["video"].push_back(to_json(camera));
    }
    if (!video_only) {
        const auto microphones = list_audio_devices();
        text += (text.empty() ? "" : "\n") + table(microphones);
        object["audio"] = as_json(microphones);
        if (!microphones) object["audio_problem"] = microphones.error().message;
    }
    print(json ? object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : text);
    return kDone;
}

}  // namespace onetake::cli
