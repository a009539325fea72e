#pragma once

#include "base/time.h"
#include "portaudio/sample_ring.h"

#include <semaphore.h>

namespace onetake {

/// Ring buffer between a stream's callback and the thread that reads its blocks, with a semaphore to wake that thread.
/// Streams hold it by shared_ptr, so that it stays valid for the callback of a stream that could not be closed.
class SampleFeed {
 public:
    SampleFeed(int sample_rate, int channels, int blocksize);
    SampleFeed(const SampleFeed&) = delete;
    SampleFeed& operator=(const SampleFeed&) = delete;
    ~SampleFeed();

    /// Callback: adds a block. Real-time safe, and no cancellation point: PortAudio aborts a stream by cancelling its
    /// thread.
    void put(const RingBlock& block, std::span<const std::int16_t> samples) noexcept;
    /// Callback: counts samples per channel that were not delivered.
    void lose(std::uint64_t frames) noexcept;

    /// Reader: waits for a block, at most until `t`.
    void wait_until(HostTime t);
    SampleRing& ring() { return ring_; }
    int channels() const { return channels_; }

 private:
    const int channels_;
    SampleRing ring_;
    sem_t put_;
};

}  // namespace onetake
