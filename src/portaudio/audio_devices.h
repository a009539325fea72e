#pragma once

#include "base/error.h"

#include <onetake/devices.h>

#include <span>
#include <string>
#include <string_view>

namespace onetake {

/// The microphone selected by `wanted`: "" is the default, a number an index, else the full name, else a part of a name
/// that matches only one (case-insensitive). Errors list the matches, or all devices.
Result<AudioDeviceInfo> choose_audio_device(std::span<const AudioDeviceInfo> devices, std::string_view wanted);

/// The same microphone in a newer enumeration, by host API and name. A replugged sound card may get another number
/// "(hw:2,0)": that part of the name is compared only if several devices match without it.
Result<AudioDeviceInfo> find_again(std::span<const AudioDeviceInfo> devices, const AudioDeviceInfo& device);

/// `3 "USB Mic: Audio (hw:1,0)" (ALSA)`
std::string label(const AudioDeviceInfo& device);

}  // namespace onetake
