#pragma once

#include "base/error.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace onetake {

/// Incremental SHA-256 (FIPS 180-4).
class Sha256 {
 public:
    void add(std::span<const std::byte> bytes);
    /// The digest in lower-case hexadecimal. Call once.
    std::string finish();

 private:
    void add_block(const std::byte* bytes);

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, 64> block_{};
    std::uint64_t bytes_ = 0;
};

/// The digest of a file.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace onetake
