#pragma once

#include "base/time.h"
#include "media/source.h"
#include "portaudio/microphone.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace onetake {

/// Keeps the blocks and events of a microphone, and lets a test wait for them. Thread-safe.
class AudioCollector final : public AudioReceiver {
 public:
    Delivery deliver(AudioBlock block) override;
    void report(SourceEvent event) override;

    /// Waits until this much audio has been delivered; false if it does not within 20 s.
    bool wait_for_audio(Duration length, int sample_rate);
    /// Waits for an event of a kind; false if none comes within 20 s.
    bool wait_for(SourceEvent::Kind kind);

    std::vector<AudioBlock> blocks();
    std::vector<SourceEvent::Kind> events();

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<AudioBlock> blocks_;
    std::vector<SourceEvent::Kind> events_;
    std::int64_t frames_ = 0;
};

/// The longest part without an xrun, the first 0.1 s left out: a busy machine may cause some.
std::vector<AudioBlock> longest_run(const std::vector<AudioBlock>& blocks, int sample_rate);

/// Hz of a tone, by its zero crossings, taking the nominal sample rate as true.
double frequency(const std::vector<AudioBlock>& run, int sample_rate);

/// A line through the stamps against the sample count, a few outliers left out.
struct StampLine {
    double ppm = 0;           ///< how much faster than nominal the samples come
    double residual_rms = 0;  ///< s
};
StampLine stamp_line(const std::vector<AudioBlock>& run, int sample_rate);

/// The instants at which silence ended, each by the stamp of its block.
std::vector<HostTime> onsets(const std::vector<AudioBlock>& run, int sample_rate);

}  // namespace onetake
