#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace onetake {

inline constexpr std::size_t kLongestDisplayName = 64;  ///< characters (code points)

/// A participant's name as it may be shown and written into tags: valid UTF-8 on one line, of at most
/// kLongestDisplayName characters, "…" the last of a longer one. Invalid bytes become U+FFFD; control characters,
/// characters that change the direction of other text, invisible ones and noncharacters are left out (joiners, which
/// scripts and emoji need, are not); of many combining marks on one character the first four are kept; white space of
/// any kind becomes one space, none at the ends.
std::string display_name(std::string_view untrusted);

}  // namespace onetake
