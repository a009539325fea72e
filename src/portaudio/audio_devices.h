#pragma once

#include "base/error.h"

#include <onetake/devices.h>

#include <span>
#include <string>
#include <string_view>

namespace onetake {

/// The microphone that `wanted` means: "" the default one, a number an index, else its whole name, else a part of its
/// name that no other has (letter case set aside). Errors list what matches, or what there is.
Result<AudioDeviceInfo> choose_audio_device(std::span<const AudioDeviceInfo> devices, std::string_view wanted);

/// The same microphone in a newer enumeration, by host API and name. A sound card that was unplugged may come back with
/// another number "(hw:2,0)": that part of a name counts only while it is needed to tell two apart.
Result<AudioDeviceInfo> find_again(std::span<const AudioDeviceInfo> devices, const AudioDeviceInfo& device);

/// `3 "USB Mic: Audio (hw:1,0)" (ALSA)`
std::string label(const AudioDeviceInfo& device);

}  // namespace onetake
