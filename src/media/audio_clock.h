#pragma once

#include "media/clock_lines.h"
#include "media/gap_detector.h"
#include "media/window_choice.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace onetake {

/// One straight piece of the clock: samples [first_sample, first_sample + frames) lie evenly on [begin, end).
struct AudioSpan {
    std::int64_t first_sample = 0;
    std::int64_t frames = 0;
    HostTime begin, end;
    /// Audio was lost before `begin`; otherwise a span begins exactly where the previous one ended. False for the
    /// first.
    bool after_gap = false;
    bool operator==(const AudioSpan&) const = default;
};

/// A place where audio was lost.
struct AudioGap {
    std::int64_t first_sample = 0;  ///< the first sample after it
    HostTime begin;                 ///< when the last sample before it ended
    Duration length{};
};

struct AudioClockOptions {
    /// How much later audio must be known before the time of an instant is settled: `least_lag`, and up to `most_lag`
    /// while the standard error exceeds `error`. Both in stream time.
    Duration least_lag = std::chrono::seconds(10);
    Duration most_lag = std::chrono::seconds(64);
    Duration error = std::chrono::microseconds(160);  ///< one standard error
    /// How far the fitted line reaches to either side.
    Duration memory = std::chrono::seconds(120);
    StampKind stamps = StampKind::automatic;
};

/// Maps sample index to HostTime: a continuous piecewise linear fit to scattered block stamps, that follows the sound
/// card's drift and jumps only where audio was lost. Works on a stream, with bounded memory. The spans depend on the
/// sequence of blocks alone, not on when they are added, so rendering live and rendering later agree. Pure; one thread
/// at a time. See docs/audio-clock.md.
class AudioClock {
 public:
    /// `label_rate`: the device's nominal rate, Hz; the true one may differ by up to 12 %.
    explicit AudioClock(int label_rate, AudioClockOptions options = {});

    /// Adds the next block; appends the spans that it settles. Spans never overlap and never go back.
    void add(const AudioBlockStamp& block, std::vector<AudioSpan>& out);
    /// Appends the spans up to the last sample. No add() after it.
    void finish(std::vector<AudioSpan>& out);

    /// Drift of the sound card against the host clock, over all of the take so far: +100 is 100 samples per million too
    /// many. Shrunk towards 0 while the stamps are too few or too scattered.
    double drift_ppm() const;
    /// Scatter of the trusted stamps about the spans.
    Duration residual_rms() const;
    std::int64_t gap_count() const { return gap_count_; }
    Duration gap_total() const { return gap_total_; }
    /// The first 1000 gaps.
    const std::vector<AudioGap>& gaps() const { return gaps_; }

 private:
    /// The line at one instant of one segment, with its error. ns, ns/s.
    using Estimate = WindowChoice::Estimate;

    void settle(bool finishing, std::vector<AudioSpan>& out);
    Estimate estimate(std::int64_t sample, const StampCell& cell);
    double reach_seconds() const;
    double most_lag(const StampCell& cell) const;
    void forget();
    double seconds(std::int64_t sample) const;
    HostTime host_time(std::int64_t sample, double y) const;
    void count(const StampCell& cell, double begin, double end);

    const double rate_;
    const AudioClockOptions options_;
    GapDetector gap_detector_;
    std::vector<StampCell> fresh_;
    ClockLines lines_;
    std::size_t next_ = 0;          ///< first cell not emitted
    std::optional<double> last_y_;  ///< where the last span ended
    HostTime last_end_;

    WindowChoice choice_;
    std::vector<Estimate> by_window_;  // reused
    LinearRegression segment_fit_;     ///< of the segment being emitted
    std::int64_t segment_ = 0;
    double sxx_ = 0, sxy_ = 0;  ///< of the earlier segments
    double squares_ = 0;
    std::int64_t stamps_ = 0;
    std::int64_t gap_count_ = 0;
    Duration gap_total_{};
    std::vector<AudioGap> gaps_;
};

}  // namespace onetake
