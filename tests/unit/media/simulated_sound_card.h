#pragma once

#include "media/audio_clock.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace onetake::test {

/// A sound card with a known clock: makes block stamps as a device would, and knows the true times.
class SimulatedSoundCard {
 public:
    explicit SimulatedSoundCard(int label_rate = 48000, std::int64_t block_frames = 1024)
        : label_rate_(label_rate), block_frames_(block_frames), true_rate_(label_rate) {}

    /// From now on the card runs this much faster (+) or slower than its label rate.
    void run_at(double ppm) { true_rate_ = label_rate_ * (1 + ppm * 1e-6); }
    /// From now on stamps have errors of noise(block number) ns.
    void scatter(std::function<double(std::int64_t)> noise) { noise_ = std::move(noise); }
    /// Uniformly distributed errors in ± `ms`.
    void scatter_evenly(double ms) {
        scatter([this, ms](std::int64_t) { return evenly(ms); });
    }
    /// A random number of ns in ± `ms`.
    double evenly(double ms) { return (static_cast<double>(random_() >> 11) * 0x1p-52 - 1) * ms * 1e6; }
    void seed(std::uint64_t s) { random_.seed(s); }
    void block_frames(std::int64_t frames) { block_frames_ = frames; }

    void record(double seconds) {
        const auto blocks = std::llround(seconds * label_rate_ / static_cast<double>(block_frames_));
        record_blocks(std::max<std::int64_t>(1, blocks));
    }
    void record_blocks(std::int64_t blocks) {
        for (std::int64_t i = 0; i < blocks; ++i) {
            const auto stamp = now_ + noise_(static_cast<std::int64_t>(stamps_.size()));
            stamps_.push_back({next_, block_frames_, host_time_from_ns(start_ + std::llround(stamp)), xrun_});
            xrun_ = false;
            truth_.push_back({next_, now_, true_rate_});
            next_ += block_frames_;
            now_ += static_cast<double>(block_frames_) / true_rate_ * 1e9;
        }
    }
    /// Delivery stops for `seconds`, then the delayed blocks arrive at once, stamped on arrival.
    void stall(double seconds) {
        const double over = now_ + seconds * 1e9;
        while (now_ < over) {
            record_blocks(1);
            stamps_.back().time = host_time_from_ns(start_ + std::llround(std::max(over, truth_.back().time)));
        }
    }
    /// Samples that never reach the disk.
    void lose(double seconds, bool flagged = false) {
        now_ += seconds * 1e9;
        xrun_ = flagged;
        losses_.push_back(next_);
    }

    std::vector<AudioBlockStamp>& stamps() { return stamps_; }
    const std::vector<std::int64_t>& losses() const { return losses_; }
    std::int64_t samples() const { return next_; }

    /// True capture instant of a sample, ns since the epoch of HostTime.
    double time_of(std::int64_t sample) const {
        auto piece = std::upper_bound(truth_.begin(), truth_.end(), sample,
                                      [](std::int64_t s, const Truth& t) { return s < t.first; });
        if (piece != truth_.begin()) --piece;
        return static_cast<double>(start_) + piece->time +
               static_cast<double>(sample - piece->first) / piece->rate * 1e9;
    }
    /// True instant at which the last sample before `end` is over.
    double end_of(std::int64_t end) const { return time_of(end - 1) + 1e9 / true_rate_; }

 private:
    struct Truth {
        std::int64_t first;
        double time, rate;
    };

    int label_rate_;
    std::int64_t block_frames_;
    double true_rate_;
    std::function<double(std::int64_t)> noise_ = [](std::int64_t) { return 0.0; };
    std::mt19937_64 random_{20261121};
    std::vector<AudioBlockStamp> stamps_;
    std::vector<Truth> truth_;
    std::vector<std::int64_t> losses_;
    std::int64_t next_ = 0;
    double now_ = 0;
    std::int64_t start_ = 1'234'567'890'123;
    bool xrun_ = false;
};

}  // namespace onetake::test
