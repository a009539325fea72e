#include "portaudio/audio_devices.h"

#include "portaudio/audio_system.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <optional>

namespace onetake {

namespace {

using Devices = std::vector<AudioDeviceInfo>;

Devices matching(std::span<const AudioDeviceInfo> devices, const std::function<bool(const AudioDeviceInfo&)>& test) {
    Devices found;
    std::copy_if(devices.begin(), devices.end(), std::back_inserter(found), test);
    return found;
}

std::string list(std::span<const AudioDeviceInfo> devices) {
    if (devices.empty()) return "There are none.";
    std::string text = "There are:";
    for (const auto& device : devices) text += fmt::format("\n  {}", label(device));
    return text;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::string_view without_card_number(std::string_view name) {
    const auto at = name.rfind(" (hw:");
    return at != std::string_view::npos && name.ends_with(')') ? name.substr(0, at) : name;
}

Result<AudioDeviceInfo> ambiguous(std::string_view wanted, const Devices& found) {
    std::string text = fmt::format("Several microphones match '{}':", wanted);
    for (const auto& device : found) text += fmt::format("\n  {}", label(device));
    return fail(ErrorCode::invalid_argument, text + "\nGive a longer part of the name, or the number.");
}

}  // namespace

std::string label(const AudioDeviceInfo& device) {
    return fmt::format("{} \"{}\" ({})", device.index, device.name, device.host_api);
}

Result<AudioDeviceInfo> choose_audio_device(std::span<const AudioDeviceInfo> devices, std::string_view wanted) {
    if (wanted.empty()) {
        const auto found = matching(devices, [](const auto& d) { return d.is_default; });
        if (!found.empty()) return found.front();
        return fail(ErrorCode::not_found,
                    "No default microphone. " + list(devices) + "\nPlug one in, name one, or record without audio.");
    }
    if (const auto index = number(wanted)) {
        const auto found = matching(devices, [&](const auto& d) { return d.index == *index; });
        if (!found.empty()) return found.front();
        return fail(ErrorCode::not_found, fmt::format("No microphone has number {}. {}", *index, list(devices)));
    }
    auto found = matching(devices, [&](const auto& d) { return d.name == wanted; });
    if (found.empty())
        found = matching(
            devices, [part = lower(wanted)](const auto& d) { return lower(d.name).find(part) != std::string::npos; });
    if (found.size() == 1) return found.front();
    if (!found.empty()) return ambiguous(wanted, found);
    return fail(ErrorCode::not_found, fmt::format("No microphone matches '{}'. {}", wanted, list(devices)));
}

Result<AudioDeviceInfo> find_again(std::span<const AudioDeviceInfo> devices, const AudioDeviceInfo& device) {
    auto found =
        matching(devices, [&](const auto& d) { return d.host_api == device.host_api && d.name == device.name; });
    if (!found.empty()) return found.front();
    found = matching(devices, [&](const auto& d) {
        return d.host_api == device.host_api && without_card_number(d.name) == without_card_number(device.name);
    });
    if (found.size() == 1) return found.front();
    if (!found.empty()) return ambiguous(device.name, found);
    return fail(ErrorCode::not_found, fmt::format("Microphone '{}' is disconnected. {}", device.name, list(devices)));
}

Result<std::vector<AudioDeviceInfo>> list_audio_devices() {
    auto system = audio_system();
    if (!system) return fail(system.error());
    // Another user of PortAudio in this process may have enumerated long ago.
    if (auto refreshed = (*system)->refresh(); !refreshed) return fail(refreshed.error());
    return (*system)->devices();
}

}  // namespace onetake
