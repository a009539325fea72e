#pragma once

#include "base/time.h"
#include "media/timed_audio.h"

#include <onetake/result.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace onetake {

/// Receives interleaved samples, one chunk per call.
using SampleSink = std::function<Status(std::span<const float>)>;

/// Resamples recorded audio to the sample grid of a file: output sample k is the audio at media time k / out_rate,
/// whatever the sound card's true rate was. Each output sample is interpolated (64 taps, band-limited) at its exact
/// position in the run that covers its time: the position is exact to double precision and errors don't accumulate.
/// Between runs without a gap only the rate changes, never the phase. Time before the first run and between runs is
/// exact silence; audio before media time 0 is left out. Runs with `kept_at` are copied bit for bit where the rates are
/// equal. Thread-bound.
class VariableRateResampler {
 public:
    /// Rates in Hz. Errors: invalid_argument for rates or a channel count that are not positive.
    static Result<VariableRateResampler> create(int in_rate, int channels, int out_rate);

    /// Takes a run and passes the samples it completes to `sink`, in chunks of bounded size (silence, too); some 32
    /// samples are held back until the next run. Errors: invalid_argument for another channel count or a run that ends
    /// before it begins; the sink's.
    Status write(const TimedAudio& run, const SampleSink& sink);
    /// Emits the samples held back, then silence up to the output sample nearest `until`; none if that is before
    /// samples_out(). The next run begins after a gap.
    Status write_silence(MediaTime until, const SampleSink& sink);
    /// Emits the samples held back, up to the last run's end.
    Status finish(const SampleSink& sink);

    /// The first sample emitted will be `sample` of the grid: nothing is emitted for the time before it. Before the
    /// first run.
    void begin_at(std::int64_t sample) { next_ = sample; }
    /// Samples per channel emitted so far, and left out by begin_at(): the next one's index on the grid.
    std::int64_t samples_out() const { return next_; }

 private:
    struct Run {
        std::int64_t first = 0, count = 0;  ///< samples, counted from the first of the group
        std::int64_t begin = 0, end = 0;    ///< ns of media time
    };

    VariableRateResampler(int in_rate, int channels, int out_rate);
    Status copy(const TimedAudio& run, const SampleSink& sink);
    Status emit(const SampleSink& sink, bool last);
    Status close_group(const SampleSink& sink);
    Status silence_until(std::int64_t k, const SampleSink& sink);
    void append(const TimedAudio& run);
    void discard_before(std::int64_t index);

    int channels_;
    int in_rate_, out_rate_;
    std::int64_t half_;                                ///< taps on each side of a position
    std::shared_ptr<const std::vector<float>> table_;  ///< (kPhases + 1) rows of 2 * half_ weights
    /// A group is a sequence of runs without a gap. These are its samples still needed, one vector per channel, with
    /// silence before the first and, once it is closed, after the last.
    std::vector<std::vector<float>> past_;
    std::int64_t past_first_ = 0;  ///< index of past_'s first sample; the group's own first is 0
    std::int64_t group_count_ = 0;
    std::int64_t group_end_ = 0;  ///< ns
    std::deque<Run> runs_;        ///< not yet completely emitted
    bool in_group_ = false;
    std::int64_t next_ = 0;
    std::vector<float> chunk_;
};

}  // namespace onetake
