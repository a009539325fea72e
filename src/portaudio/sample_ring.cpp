#include "portaudio/sample_ring.h"

#include <algorithm>

namespace onetake {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

SampleRing::SampleRing(std::size_t samples, std::size_t blocks, int channels)
    : samples_(std::max<std::size_t>(samples, 1)),
      slots_(std::max<std::size_t>(blocks, 1)),
      channels_(static_cast<std::size_t>(std::max(channels, 1))) {}

bool SampleRing::write(const RingBlock& block, std::span<const std::int16_t> samples) noexcept {
    const auto written = blocks_written_.load(std::memory_order_relaxed);
    const auto blocks_used = written - blocks_read_.load(std::memory_order_acquire);
    const auto samples_used = samples_written_ - samples_read_.load(std::memory_order_acquire);
    if (blocks_used == slots_.size() || samples.size() > samples_.size() - samples_used) {
        lose(samples.size() / channels_);
        return false;
    }

    const auto index = static_cast<std::size_t>(samples_written_ % samples_.size());
    const auto until_end = std::min(samples.size(), samples_.size() - index);
    std::copy_n(samples.begin(), until_end, samples_.begin() + static_cast<std::ptrdiff_t>(index));
    std::copy(samples.begin() + static_cast<std::ptrdiff_t>(until_end), samples.end(), samples_.begin());
    samples_written_ += samples.size();

    Slot& slot = slots_[static_cast<std::size_t>(written % slots_.size())];
    slot.block = block;
    slot.block.lost_before = lost_pending_;
    slot.samples = samples.size();
    lost_pending_ = 0;
    blocks_written_.store(written + 1, std::memory_order_release);
    return true;
}

void SampleRing::lose(std::uint64_t frames) noexcept {
    lost_pending_ += frames;
    lost_.store(lost_.load(std::memory_order_relaxed) + frames, std::memory_order_relaxed);
}

bool SampleRing::read(RingBlock& block, std::vector<std::int16_t>& samples) {
    const auto read = blocks_read_.load(std::memory_order_relaxed);
    if (read == blocks_written_.load(std::memory_order_acquire)) return false;
    const Slot& slot = slots_[static_cast<std::size_t>(read % slots_.size())];
    block = slot.block;

    const auto position = samples_read_.load(std::memory_order_relaxed);
    const auto index = static_cast<std::size_t>(position % samples_.size());
    const auto until_end = std::min(slot.samples, samples_.size() - index);
    const auto first = samples_.begin() + static_cast<std::ptrdiff_t>(index);
    samples.assign(first, first + static_cast<std::ptrdiff_t>(until_end));
    samples.insert(samples.end(), samples_.begin(),
                   samples_.begin() + static_cast<std::ptrdiff_t>(slot.samples - until_end));

    samples_read_.store(position + slot.samples, std::memory_order_release);
    blocks_read_.store(read + 1, std::memory_order_release);
    return true;
}

}  // namespace onetake
