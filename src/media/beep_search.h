#pragma once

#include "base/time.h"

#include <cstddef>
#include <span>
#include <vector>

namespace onetake {

/// Finds the beeps (find_beeps()) of sound of any length that comes piece by piece, each piece with its own times.
/// Holds about a minute of it. Pure; one thread at a time.
class BeepSearch {
 public:
    explicit BeepSearch(double sample_rate, double tone_hz = 1000);

    /// Takes the next piece: its first sample is heard at `begin`, the one after its last would be at `end`. With
    /// `after_gap` it does not go on where the one before ended; a beep across the gap is not looked for.
    void add(std::span<const float> mono, Duration begin, Duration end, bool after_gap = false);
    /// Looks through what is left; the times of all beeps, ascending.
    std::vector<Duration> finish();

 private:
    struct Piece {
        std::size_t first = 0;  ///< index in `sound_`
        std::size_t count = 0;
        Duration begin{}, end{};
    };
    void search();
    Duration time_of(double sample) const;
    void forget(std::size_t count);

    const double rate_, tone_hz_;
    std::vector<float> sound_;
    std::vector<Piece> pieces_;
    std::vector<Duration> beeps_;
};

}  // namespace onetake
