#pragma once

#include "base/time.h"
#include "mix/channel_matrix.h"
#include "mix/peak_limiter.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace onetake {

/// Adds up the audio of several tracks that lie on one grid of samples; a position is the index of a sample (per
/// channel) on it. A track's pieces begin and end with a ramp, so that joining, leaving and gaps don't click. Peaks
/// beyond the threshold are lowered by a PeakLimiter; where there are none the output is the plain sum. Output sample i
/// lies at position i: nothing is delayed. Adds in integers, so the result depends neither on the sizes of blocks nor
/// on the order of tracks. Memory grows with the distance between the fastest and the slowest track: the caller bounds
/// it. Thread-bound.
class AudioMixer {
 public:
    struct Options {
        int sample_rate = 48000;  ///< Hz
        int channels = 2;         ///< of the output: 1, 2 or 6
        std::int64_t begin = 0;   ///< position of the first output sample
        double threshold = 0.95;  ///< peaks are lowered to this share of full scale
        Duration ramp = std::chrono::milliseconds(5);
        Duration look_ahead = std::chrono::milliseconds(5);
        Duration release = std::chrono::milliseconds(200);
    };
    using Track = int;

    explicit AudioMixer(const Options& options);

    /// A track of 1 to kMostMixedChannels channels. take() waits for it from its first position on, which is `from`.
    Track add(int channels, std::int64_t from);
    /// Adds interleaved samples of a track, the first at position `at`. Directly after the ones before they continue
    /// its piece, else a new one begins. Samples before the end of those the track has written, or less than the
    /// look-ahead after position(), are left out; the latter are counted in late().
    void write(Track track, std::int64_t at, std::span<const std::int16_t> samples);
    void write(Track track, std::int64_t at, std::span<const float> samples);
    /// The track has nothing before `to`: silence from the end of what it wrote.
    void advance(Track track, std::int64_t to);
    /// The track leaves: nothing more of it follows.
    void end(Track track);

    /// Appends the samples before `until` that no track can change any more, interleaved.
    void take(std::int64_t until, std::vector<std::int16_t>& out) { take_samples(until, out); }
    void take(std::int64_t until, std::vector<float>& out) { take_samples(until, out); }
    /// Ends every track, then appends what is left up to the end of the longest.
    void finish(std::vector<std::int16_t>& out) { finish_samples(out); }
    void finish(std::vector<float>& out) { finish_samples(out); }

    /// Of the next sample that take() appends.
    std::int64_t position() const { return std::max(options_.begin, limited_ - limiter_.ahead()); }
    /// Samples (per channel) that came too late.
    std::int64_t late() const { return late_; }

 private:
    struct Input {
        ChannelMatrix matrix;
        std::int64_t end = 0;               // position after the last sample
        std::int64_t piece = 0;             // position of the piece's first sample
        std::vector<std::int64_t> pending;  // the piece's last samples, which the ramp at its end would change
        bool ended = false;
    };

    template <class Sample>
    void write_samples(Input& input, std::int64_t at, std::span<const Sample> samples);
    template <class Sample>
    void take_samples(std::int64_t until, std::vector<Sample>& out);
    template <class Sample>
    void finish_samples(std::vector<Sample>& out);
    void end_piece(Input& input);
    void release(Input& input, std::size_t frames);
    void add_to_sums(std::int64_t at, std::span<const std::int64_t> values);
    std::int64_t settled() const;

    const Options options_;
    const std::vector<double> ramp_;  // rising
    std::vector<Input> inputs_;
    PeakLimiter limiter_;
    std::vector<std::int64_t> sums_;  // interleaved; the first at position sums_begin_
    std::int64_t sums_begin_;
    std::int64_t limited_;  // position of the next sample for the limiter
    std::int64_t late_ = 0;
};

}  // namespace onetake
