#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace onetake {

/// The text as one word of a POSIX shell: in single quotes, unless it needs none.
inline std::string shell_quoted(std::string_view text) {
    const bool plain = !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("_-./:=@%+,").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (plain && text.front() != '-') return std::string(text);
    std::string out = "'";
    for (const char c : text) c == '\'' ? out.append("'\\''") : out.append(1, c);
    return out + "'";
}

}  // namespace onetake
