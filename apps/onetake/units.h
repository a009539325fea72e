#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace onetake::cli {

/// "9:05", "1:02:03"; "?" for NaN.
std::string clock_text(double seconds);
/// "123 kB", "4.2 GB": powers of ten, as disks are sold.
std::string bytes_text(std::uint64_t bytes);
/// Seconds of "90", "90s", "1.5h", "1h30m", "500ms"; empty if it is none of these.
std::optional<double> seconds_of(std::string_view text);
/// "+3", "-0.2", "0": with `digits` decimals, and a sign unless all of them are 0.
std::string signed_text(double value, int digits);
/// `text` in lines of at most `width` columns, broken at spaces; all but the first are indented by `indent`.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);
/// "1 frame", "3 frames".
std::string counted_text(std::uint64_t count, std::string_view unit);

}  // namespace onetake::cli
