#pragma once

#include <cstdint>
#include <string>

namespace onetake::cli {

/// "9:05", "1:02:03"; "?" for NaN.
std::string clock_text(double seconds);
/// "123 kB", "4.2 GB": powers of ten, as disks are sold.
std::string bytes_text(std::uint64_t bytes);

}  // namespace onetake::cli
