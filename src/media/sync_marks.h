#pragma once

#include "base/time.h"

#include <span>
#include <vector>

/// Finds the flashes of a video track and the beeps of an audio track, and measures the offsets between them, for the
/// self-test, the calibration and the tests. Pure. Times have any origin, the same for both tracks.
namespace onetake {

/// Mean brightness of one frame.
struct LumaSample {
    Duration time{};
    double luma = 0;  ///< 0 black … 255 white
};

/// Times of the first bright frame of each flash. A flash counts only after a darker frame: one at the beginning of the
/// track may have begun earlier. Empty if no frame is brighter than the median by `least_rise`.
std::vector<Duration> find_flashes(std::span<const LumaSample> frames, double least_rise = 20);

/// Onsets of beeps, in (fractional) samples, to about 0.1 ms for tones of 20 ms and more with a sharp onset. `tone_hz`:
/// pitch, within a few percent. A beep that is already on at the first sample is left out.
std::vector<double> find_beeps(std::span<const float> mono, double sample_rate, double tone_hz = 1000);

struct SyncPair {
    Duration flash{}, beep{};
    /// Positive: audio is late.
    Duration offset() const { return beep - flash; }
};

struct SyncReport {
    std::vector<SyncPair> pairs;
    Duration worst{};     ///< offset of largest magnitude, with its sign
    Duration mean{};      ///< signed
    Duration smallest{};  ///< least signed offset
    Duration largest{};   ///< greatest signed offset
    std::size_t lone_flashes = 0, lone_beeps = 0;
};

/// Pairs each flash with its nearest beep, if each is the other's nearest and they are at most `reach` apart. Both
/// lists are ascending.
SyncReport pair_marks(std::span<const Duration> flashes, std::span<const Duration> beeps,
                      Duration reach = std::chrono::milliseconds(450));

}  // namespace onetake
