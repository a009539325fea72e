#include "portaudio/sample_feed.h"

#include <algorithm>
#include <ctime>

namespace onetake {

namespace {

// Longest delay of the reader on a busy machine.
constexpr int kSeconds = 4;
// PortAudio may deliver smaller blocks than requested.
constexpr int kSmallestBlock = 64;

std::size_t blocks_for(int sample_rate, int blocksize) {
    const int block = std::clamp(blocksize / 8, 1, kSmallestBlock);
    return static_cast<std::size_t>(kSeconds) * static_cast<std::size_t>(sample_rate / block + 1);
}

}  // namespace

SampleFeed::SampleFeed(int sample_rate, int channels, int blocksize)
    : channels_(channels),
      ring_(static_cast<std::size_t>(kSeconds) * static_cast<std::size_t>(sample_rate) *
                static_cast<std::size_t>(channels),
            blocks_for(sample_rate, blocksize), channels) {
    sem_init(&put_, 0, 0);
}

SampleFeed::~SampleFeed() {
    sem_destroy(&put_);
}

void SampleFeed::put(const RingBlock& block, std::span<const std::int16_t> samples) noexcept {
    ring_.write(block, samples);
    sem_post(&put_);
}

void SampleFeed::lose(std::uint64_t frames) noexcept {
    ring_.lose(frames);
}

void SampleFeed::wait_until(HostTime t) {
    const auto ns = to_ns(t);
    const timespec until{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    sem_clockwait(&put_, CLOCK_MONOTONIC, &until);
    while (sem_trywait(&put_) == 0) {
    }
}

}  // namespace onetake
