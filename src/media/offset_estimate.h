#pragma once

#include "base/error.h"
#include "media/sync_marks.h"

#include <cstddef>

namespace onetake {

/// The constant offset between a microphone and a camera, estimated from simultaneous flashes and beeps.
struct OffsetEstimate {
    Duration offset{};          ///< positive: audio is late
    Duration error{};           ///< the true offset is within ± this in 19 of 20 measurements
    Duration scatter{};         ///< latest minus earliest pair
    std::size_t pairs = 0;      ///< used for the estimate
    std::size_t left_out = 0;   ///< too far from the others
    bool frame_locked = false;  ///< every flash had the same phase between two frames; see below
};

constexpr std::size_t kLeastPairs = 5;

/// Estimates the offset from pairs in which the flash's time is that of the first bright frame.
///
/// A flash is captured by the first frame after it, so each pair is too small by the time until that frame: 0 to one
/// frame interval. For flashes with random spacing the latest of n pairs is too small by 1/(n + 1) of a frame on
/// average, which follows from the pairs' spread: offset = latest + spread / (n - 1), with an error of about 2.5 / n of
/// a frame. Flashes synchronous to the frames (a test pattern) don't spread; they are assumed to begin exactly at a
/// frame's time. If they are synchronous by chance only, the true offset may be up to one frame more: `frame_locked`.
///
/// Errors: refused, for fewer than kLeastPairs pairs, or pairs that scatter by more than one frame.
Result<OffsetEstimate> estimate_offset(const SyncReport& marks, Duration frame_interval);

}  // namespace onetake
