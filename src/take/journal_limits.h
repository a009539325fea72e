#pragma once

#include <cstdint>

/// What a journal's numbers may be. Above any real take; these limits keep sums and differences from overflowing.
namespace onetake::journal_limits {

inline constexpr std::int64_t kMaxFrames = 1'000'000'000'000;
inline constexpr std::int64_t kMaxSamples = 1'000'000'000'000;
inline constexpr std::int64_t kMaxStamp = 4'500'000'000'000'000'000;  ///< ns; of media kFarthestMedia is the limit
inline constexpr std::int64_t kMaxBytes = std::int64_t{1} << 40;      ///< of one frame
inline constexpr std::int64_t kMaxOffset = std::int64_t{1} << 60;     ///< in a file
inline constexpr int kMaxParts = 1'000'000;

}  // namespace onetake::journal_limits
