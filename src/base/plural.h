#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace onetake {

/// "1 frame", "5 frames". `noun`: the singular; its plural is formed with an s.
inline std::string counted(std::uint64_t n, std::string_view noun) {
    return std::to_string(n).append(" ").append(noun).append(n == 1 ? "" : "s");
}

}  // namespace onetake
