#include "enhance/sha256.h"

#include "base/unique_fd.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <vector>

namespace onetake {

namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kRounds = 64;

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
constexpr std::array<std::uint32_t, kRounds> kRoundConstants = [] {
    std::array<std::uint32_t, kRounds> constants{};
    std::size_t found = 0;
    for (std::uint64_t n = 2; found < kRounds; ++n) {
        bool prime = true;
        for (std::uint64_t d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
        if (!prime) continue;
        // The largest root with root³ <= n · 2^96 is floor(cbrt(n) · 2^32): its low half is the fraction.
        __extension__ using Wide = unsigned __int128;
        std::uint64_t root = 0;
        for (int bit = 35; bit >= 0; --bit) {
            const std::uint64_t tried = root | std::uint64_t{1} << bit;
            const Wide square = static_cast<Wide>(tried) * tried;
            const Wide limit = static_cast<Wide>(n) << 96;
            if (square <= limit / tried) root = tried;
        }
        constants[found++] = static_cast<std::uint32_t>(root);
    }
    return constants;
}();
static_assert(kRoundConstants.front() == 0x428a2f98 && kRoundConstants.back() == 0xc67178f2);

}  // namespace

void Sha256::add_block(const std::byte* bytes) {
    std::array<std::uint32_t, kRounds> w{};
    for (std::size_t i = 0; i < 16; ++i)
        for (std::size_t k = 0; k < 4; ++k) w[i] = w[i] << 8 | std::to_integer<std::uint32_t>(bytes[4 * i + k]);
    for (std::size_t i = 16; i < kRounds; ++i) {
        const auto a = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
        const auto b = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < kRounds; ++i) {
        const auto mix_e = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const auto choice = (e & f) ^ (~e & g);
        const auto first = h + mix_e + choice + kRoundConstants[i] + w[i];
        const auto mix_a = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const auto majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + mix_a + majority;
    }
    const std::array<std::uint32_t, 8> added{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state_.size(); ++i) state_[i] += added[i];
}

void Sha256::add(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto used = static_cast<std::size_t>(bytes_ % kBlock);
        const auto take = std::min(kBlock - used, bytes.size());
        std::memcpy(block_.data() + used, bytes.data(), take);
        bytes_ += take;
        bytes = bytes.subspan(take);
        if (used + take == kBlock) add_block(block_.data());
    }
}

std::string Sha256::finish() {
    const std::uint64_t bits = bytes_ * 8;
    constexpr std::byte kMark{0x80}, kZero{0};
    add({&kMark, 1});
    while (bytes_ % kBlock != kBlock - sizeof bits) add({&kZero, 1});
    std::array<std::byte, sizeof bits> length{};
    for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<std::byte>(bits >> (56 - 8 * i));
    add(length);
    std::string text;
    for (const auto word : state_) text += fmt::format("{:08x}", word);
    return text;
}

Result<std::string> sha256_of_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(file_error("Can't open", path, errno));
    Sha256 sum;
    std::vector<std::byte> bytes(std::size_t{1} << 17);
    for (;;) {
        const auto n = ::read(fd.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file_error("Can't read", path, errno));
        if (n == 0) return sum.finish();
        sum.add(std::span(bytes).first(static_cast<std::size_t>(n)));
    }
}

}  // namespace onetake
