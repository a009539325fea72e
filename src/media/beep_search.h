#pragma once

#include "base/time.h"

#include <cstddef>
#include <span>
#include <vector>

namespace onetake {

/// Finds the beeps (find_beeps()) in audio of any length, added in blocks with their own times. Buffers about a minute.
/// Pure; one thread at a time.
class BeepSearch {
 public:
    explicit BeepSearch(double sample_rate, double tone_hz = 1000);

    /// Adds the next block: its first sample is at `begin`, the one after its last would be at `end`. `after_gap`: it
    /// does not continue the block before; beeps across the gap are not found.
    void add(std::span<const float> mono, Duration begin, Duration end, bool after_gap = false);
    /// Searches the remaining audio and returns the times of all beeps, ascending.
    std::vector<Duration> finish();

 private:
    struct Block {
        std::size_t first = 0;  ///< index in `samples_`
        std::size_t count = 0;
        Duration begin{}, end{};
    };
    void search();
    Duration time_of(double sample) const;
    void discard(std::size_t count);

    const double rate_, tone_hz_;
    std::vector<float> samples_;
    std::vector<Block> blocks_;
    std::vector<Duration> beeps_;
};

}  // namespace onetake
