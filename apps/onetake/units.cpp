#include "units.h"

#include <algorithm>
#include <array>
#include <charconv>
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

std::optional<double> seconds_of(std::string_view text) {
    struct Unit {
        std::string_view name;
        double seconds;
    };
    // "ms" before "m"
    constexpr std::array<Unit, 5> units{{{"ms", 1e-3}, {"h", 3600}, {"m", 60}, {"s", 1}, {"d", 86400}}};
    if (text.empty()) return std::nullopt;
    double sum = 0, last_unit = INFINITY;
    while (!text.empty()) {
        double number = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (problem != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.empty()) return std::isinf(last_unit) ? std::optional(number) : std::nullopt;
        const auto* unit =
            std::find_if(units.begin(), units.end(), [&](const auto& u) { return text.starts_with(u.name); });
        // From the largest unit to the smallest: "30m1h" is a mistake.
        if (unit == units.end() || unit->seconds >= last_unit) return std::nullopt;
        sum += number * unit->seconds;
        last_unit = unit->seconds;
        text.remove_prefix(unit->name.size());
    }
    return sum;
}

std::string signed_text(double value, int digits) {
    auto text = fmt::format("{:+.{}f}", value, digits);
    return text.find_first_of("123456789") == std::string::npos && std::isfinite(value) ? text.substr(1) : text;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
    std::string out;
    auto room = width > indent + 20 ? width - indent : 20;
    while (text.size() > room) {
        auto cut = text.rfind(' ', room);
        if (cut == std::string_view::npos || cut == 0) cut = text.find(' ', room);
        if (cut == std::string_view::npos) break;
        out += fmt::format("{}\n{:{}}", text.substr(0, cut), "", indent);
        text.remove_prefix(cut + 1);
    }
    return out.append(text);
}

std::string counted_text(std::uint64_t count, std::string_view unit) {
    return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

}  // namespace onetake::cli
