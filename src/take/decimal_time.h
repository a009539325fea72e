#pragma once

#include "base/error.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace onetake {

/// Seconds written in decimal ("1234.567890123", "1.5e-3") as nanoseconds, exactly, rounded to nearest. No floating
/// point. Anything else, and values over 9 · 10^9 s, are errors.
Result<Duration> parse_decimal_seconds(std::string_view text);

/// A file of one decimal second per line; empty lines and anything after a `#` are ignored. Errors name file and line.
Result<std::vector<Duration>> read_frame_times(const std::string& path);
/// The same for the file's text; `path` is for messages.
Result<std::vector<Duration>> parse_frame_times(std::string_view text, const std::string& path);

struct AudioTime {
    std::int64_t sample = 0;
    Duration time{};
};
/// A file of lines `sample_index seconds`, both increasing, at least one.
Result<std::vector<AudioTime>> read_audio_times(const std::string& path);
Result<std::vector<AudioTime>> parse_audio_times(std::string_view text, const std::string& path);

}  // namespace onetake
