#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>

namespace onetake {

/// The value of a JSON number that is an integer and fits in T, else nothing. Converting any other is undefined
/// (2e123) or gives another number.
template <std::integral T, class Json>
std::optional<T> json_integer(const Json& value) {
    if (value.is_number_unsigned()) {
        const auto n = value.template get<std::uint64_t>();
        return std::in_range<T>(n) ? std::optional(static_cast<T>(n)) : std::nullopt;
    }
    if (!value.is_number_integer()) return std::nullopt;
    const auto n = value.template get<std::int64_t>();
    return std::in_range<T>(n) ? std::optional(static_cast<T>(n)) : std::nullopt;
}

}  // namespace onetake
