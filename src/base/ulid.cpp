#include "base/ulid.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <random>

namespace onetake {

std::string new_ulid(WallTime now) {
    constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's base 32
    constexpr int kTimeDigits = 10, kRandomDigits = 16;
    std::string text;
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
    for (int i = kTimeDigits - 1; i >= 0; --i) text += kDigits[ms >> (5 * i) & 31];
    std::random_device random;
    for (int i = 0; i < kRandomDigits; ++i) text += kDigits[random() & 31];
    return text;
}

}  // namespace onetake
