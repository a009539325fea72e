#pragma once

#include "portaudio/stream_clock.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace onetake {

/// What a sound callback knew of one block of samples.
struct RingBlock {
    CallbackTimes times;
    /// The device says that samples were lost before this block.
    bool xrun = false;
    /// Samples per channel that found no room in the ring since the block before.
    std::uint64_t lost_before = 0;
};

/// Carries blocks of sound from a real-time callback to a thread that may wait: never locks, allocates or waits.
/// One thread writes, one reads; lost() is for both.
class SampleRing {
 public:
    /// Room for `samples` (of all channels together) in at most `blocks` blocks; all memory is taken here.
    SampleRing(std::size_t samples, std::size_t blocks, int channels);

    /// Writer: adds a block (its `lost_before` is filled in here), or counts it as lost when there is no room for all
    /// of it.
    bool write(const RingBlock& block, std::span<const std::int16_t> samples) noexcept;
    /// Writer: counts samples per channel that never came.
    void lose(std::uint64_t frames) noexcept;

    /// Reader: takes the oldest block; false if there is none. `samples` is overwritten.
    bool read(RingBlock& block, std::vector<std::int16_t>& samples);

    /// Samples per channel lost so far, those included that no block has told of yet.
    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 private:
    struct Slot {
        RingBlock block;
        std::size_t samples = 0;
    };

    std::vector<std::int16_t> samples_;
    std::vector<Slot> in_flight_;
    const std::size_t channels_;

    // Positions count up for ever; modulo the size they are places.
    std::atomic<std::uint64_t> blocks_written_{0};  ///< stored by the writer only
    std::atomic<std::uint64_t> blocks_read_{0};     ///< stored by the reader only
    std::atomic<std::uint64_t> samples_read_{0};    ///< stored by the reader only
    std::atomic<std::uint64_t> lost_{0};            ///< stored by the writer only
    std::uint64_t samples_written_ = 0;             ///< the writer's own
    std::uint64_t lost_untold_ = 0;                 ///< the writer's own
};

}  // namespace onetake
