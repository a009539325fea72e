#pragma once

#include "base/time.h"
#include "portaudio/sample_ring.h"

#include <semaphore.h>

namespace onetake {

/// Where a stream's callback leaves its blocks, and how it wakes the thread that takes them. A stream holds it by
/// shared_ptr, so that a callback of a stream nobody could close still has a place to write to.
class SampleFeed {
 public:
    SampleFeed(int sample_rate, int channels, int blocksize);
    SampleFeed(const SampleFeed&) = delete;
    SampleFeed& operator=(const SampleFeed&) = delete;
    ~SampleFeed();

    /// Callback: leaves a block. Real-time clean, and no cancellation point: PortAudio cancels its thread to abort it.
    void put(const RingBlock& block, std::span<const std::int16_t> samples) noexcept;
    /// Callback: tells of samples per channel that never came.
    void lose(std::uint64_t frames) noexcept;

    /// Reader: waits until something was put, at most until `t`.
    void wait_until(HostTime t);
    SampleRing& ring() { return ring_; }
    int channels() const { return channels_; }

 private:
    const int channels_;
    SampleRing ring_;
    sem_t put_;
};

}  // namespace onetake
