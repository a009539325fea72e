#include "units.h"

#include <array>
#include <cmath>
#include <fmt/format.h>

namespace onetake::cli {

std::string clock_text(double seconds) {
    if (!std::isfinite(seconds)) return "?";
    const auto s = static_cast<std::uint64_t>(std::max(0.0, seconds));
    if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
    return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", value, unit > 0 && value < 9.95 ? 1 : 0, units[unit]);
}

}  // namespace onetake::cli
