#pragma once

#include "base/time.h"

#include <span>
#include <vector>

/// Finds the flashes of a picture track and the beeps of a sound track, and says how far they are apart: what the self
/// test, the calibration and the tests measure sync with. Pure. Times count from any origin the caller likes, the same
/// for both tracks.
namespace onetake {

/// Mean brightness of one frame.
struct LumaSample {
    Duration time{};
    double luma = 0;  ///< 0 black … 255 white
};

/// Times of the first bright frame of each flash. A flash counts only after a darker frame: one that runs when the
/// film begins may have begun earlier. Empty where nothing stands out by `least_rise`.
std::vector<Duration> find_flashes(std::span<const LumaSample> frames, double least_rise = 20);

/// Where beeps begin, in samples (fractions are meant), to about 0.1 ms for tones of 20 ms and more that set in at
/// once. `tone_hz`: pitch, within a few percent. A beep that already sounds at the first sample is left out.
std::vector<double> find_beeps(std::span<const float> mono, double sample_rate, double tone_hz = 1000);

struct SyncPair {
    Duration flash{}, beep{};
    /// Positive: sound is late.
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

/// Pairs each flash with the beep nearest to it, where each is the other's nearest and they are at most `reach` apart.
/// Both lists ascending.
SyncReport pair_marks(std::span<const Duration> flashes, std::span<const Duration> beeps,
                      Duration reach = std::chrono::milliseconds(450));

}  // namespace onetake
