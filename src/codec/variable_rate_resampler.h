#pragma once

#include "base/time.h"
#include "media/timed_audio.h"

#include <onetake/result.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

namespace onetake {

/// Takes interleaved samples, a piece at a time.
using SampleSink = std::function<Status(std::span<const float>)>;

/// Puts recorded sound on the grid of a file: output sample k is the sound of media time k / out_rate, whatever rate
/// the sound card really ran at. Each output is interpolated (64 taps, band-limited) at its own exact place in the run
/// that covers its time, so the place is right to the double's last digits and no error can pile up; where one run
/// follows another without a gap only the rate changes, never the phase. Time that no run covers, and what lies before
/// the first one, is exact silence; sound before media time 0 is left out. Runs that say so are kept bit for bit where
/// the rates are equal. Thread-bound.
class VariableRateResampler {
 public:
    /// Rates in Hz. Errors: invalid_argument for rates or a channel count that are not positive.
    static Result<VariableRateResampler> create(int in_rate, int channels, int out_rate);

    /// Takes a run and hands on what it completes, in pieces of bounded size (silence, too); some 32 samples wait for
    /// the run after. Errors: invalid_argument for another channel count or a run that ends before it begins; the
    /// sink's.
    Status write(const TimedAudio& run, const SampleSink& sink);
    /// Hands on what waits, then silence up to the output sample nearest `until`; nothing where that lies before
    /// samples_out(). The next run begins after a gap.
    Status write_silence(MediaTime until, const SampleSink& sink);
    /// Hands on what waits, up to the last run's end.
    Status finish(const SampleSink& sink);

    /// Samples per channel handed on so far: the next one's place on the grid.
    std::int64_t samples_out() const { return next_; }

 private:
    struct Run {
        std::int64_t first = 0, count = 0;  ///< samples, counted from the first of `past_` ever
        std::int64_t begin = 0, end = 0;    ///< ns of media time
    };

    VariableRateResampler(int in_rate, int channels, int out_rate);
    Status keep(const TimedAudio& run, const SampleSink& sink);
    Status emit(const SampleSink& sink, bool last);
    Status close_group(const SampleSink& sink);
    Status silence_until(std::int64_t k, const SampleSink& sink);
    void append(const TimedAudio& run);
    void forget_until(std::int64_t index);

    int channels_;
    int in_rate_, out_rate_;
    std::int64_t half_;         ///< taps on each side of a place
    std::vector<float> table_;  ///< (kPhases + 1) rows of 2 * half_ weights
    /// A group is a row of runs without a gap. Its samples still needed, a vector for each channel, with silence in
    /// front of the first and, once it is closed, behind the last.
    std::vector<std::vector<float>> past_;
    std::int64_t past_first_ = 0;  ///< index of past_'s first sample; the group's own first is 0
    std::int64_t group_count_ = 0;
    std::int64_t group_end_ = 0;  ///< ns
    std::deque<Run> runs_;        ///< not yet wholly handed on
    bool in_group_ = false;
    std::int64_t next_ = 0;
    std::vector<float> piece_;
};

}  // namespace onetake
