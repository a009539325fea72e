#pragma once

#include "base/error.h"
#include "media/sync_marks.h"

#include <cstddef>

namespace onetake {

/// The constant offset between a microphone and a camera, as flashes and beeps that happen together show it.
struct OffsetEstimate {
    Duration offset{};          ///< positive: sound is late
    Duration error{};           ///< the truth lies this close in 19 of 20 measurements
    Duration scatter{};         ///< latest minus earliest pair
    std::size_t pairs = 0;      ///< that count
    std::size_t left_out = 0;   ///< that lie too far from the others
    bool frame_locked = false;  ///< every flash fell at the same place between two frames; see below
};

constexpr std::size_t kLeastPairs = 5;

/// Estimates the offset from pairs of which the flash's time is that of the first bright frame.
///
/// A flash is seen by the first frame after it, so each pair is too small by the distance to that frame: anything from
/// 0 to a frame's time. Of flashes with random spacing the latest pair of n is short by 1/(n + 1) of a frame on
/// average, and the pairs' spread tells how much that is: offset = latest + spread / (n - 1), with an error of 2.5 / n
/// of a frame or so. Flashes in step with the frames (a test picture) don't spread; they are taken to light up at a
/// frame's instant. Where nothing but chance keeps them in step, the truth may be up to one frame more: `frame_locked`.
///
/// Errors: refused, for fewer than kLeastPairs pairs, or pairs that scatter more than one frame explains.
Result<OffsetEstimate> estimate_offset(const SyncReport& marks, Duration frame_interval);

}  // namespace onetake
