#pragma once

#include "portaudio/stream_clock.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace onetake {

/// What an audio callback recorded about one block of samples.
struct RingBlock {
    CallbackTimes times;
    /// The device reported that samples were lost before this block.
    bool xrun = false;
    /// Samples per channel dropped since the previous block because the ring was full.
    std::uint64_t lost_before = 0;
};

/// Single-producer, single-consumer ring of audio blocks from a real-time callback to a thread that may wait: the
/// writer never locks, allocates or waits. lost() may be called from both threads.
class SampleRing {
 public:
    /// Capacity of `samples` (of all channels together) in at most `blocks` blocks; all memory is allocated here.
    SampleRing(std::size_t samples, std::size_t blocks, int channels);

    /// Writer: adds a block (and sets its `lost_before`), or counts it as lost if it doesn't fit.
    bool write(const RingBlock& block, std::span<const std::int16_t> samples) noexcept;
    /// Writer: counts samples per channel that were not delivered.
    void lose(std::uint64_t frames) noexcept;

    /// Reader: takes the oldest block; false if there is none. `samples` is overwritten.
    bool read(RingBlock& block, std::vector<std::int16_t>& samples);

    /// Samples per channel lost so far, including those not yet in a block's `lost_before`.
    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 private:
    struct Slot {
        RingBlock block;
        std::size_t samples = 0;
    };

    std::vector<std::int16_t> samples_;
    std::vector<Slot> slots_;
    const std::size_t channels_;

    // Positions only increase; the index is the position modulo the size.
    std::atomic<std::uint64_t> blocks_written_{0};  ///< stored by the writer only
    std::atomic<std::uint64_t> blocks_read_{0};     ///< stored by the reader only
    std::atomic<std::uint64_t> samples_read_{0};    ///< stored by the reader only
    std::atomic<std::uint64_t> lost_{0};            ///< stored by the writer only
    std::uint64_t samples_written_ = 0;             ///< used by the writer only
    std::uint64_t lost_pending_ = 0;                ///< used by the writer only
};

}  // namespace onetake
