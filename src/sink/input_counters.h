#pragma once

#include "base/mutex.h"
#include "base/time.h"

#include <onetake/loss_cause.h>
#include <onetake/metrics.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace onetake {

/// Consecutive losses of one cause: their number, and the capture times of the first and the last.
struct LostMedia {
    std::uint64_t count = 0;
    HostTime from, to;
};

/// Counts the frames, or samples per channel, of one track while it is recorded. Any thread; the writing thread writes
/// the losses to the journal.
class InputCounters {
 public:
    void expect(std::uint64_t count) { expected_ += count; }
    /// A frame or block was accepted: one that is lost after it begins another run.
    void accept() { ++accepted_; }
    void add_written(std::uint64_t count) { written_ += count; }
    /// `time`: of the capture of the frame, or of the first sample.
    void lose(LossCause cause, std::uint64_t count, HostTime time) {
        if (count == 0) return;
        MutexLock lock(mutex_);
        auto& of_cause = losses_[index(cause)];
        of_cause.total += count;
        const std::pair kept{accepted_.load(), written_.load()};
        // What is lost before it is accepted follows what was accepted; what is lost at the disk, what was written.
        const bool same_run =
            (cause == LossCause::disk || kept.first == of_cause.kept.first) &&
            (cause == LossCause::queue || cause == LossCause::driver || kept.second == of_cause.kept.second);
        of_cause.kept = kept;
        auto& runs = of_cause.unwritten;
        if (runs.empty() || (!same_run && runs.size() < kMostRuns))
            runs.push_back({count, time, time});
        else
            runs.back() = {runs.back().count + count, std::min(runs.back().from, time), std::max(runs.back().to, time)};
    }

    std::uint64_t written() const { return written_; }
    /// Sum over all causes.
    std::uint64_t lost() const {
        MutexLock lock(mutex_);
        std::uint64_t sum = 0;
        for (const auto& cause : losses_) sum += cause.total;
        return sum;
    }
    /// The losses since the last call, by runs: nothing was stored between the first and the last of a run.
    std::vector<LostMedia> take_unwritten(LossCause cause) {
        MutexLock lock(mutex_);
        return std::exchange(losses_[index(cause)].unwritten, {});
    }
    /// Fills in the counts, not `track` and `kind`.
    void store_in(TrackCounters& counters) const {
        MutexLock lock(mutex_);
        counters.expected = expected_;
        counters.written = written_;
        counters.dropped_queue = losses_[index(LossCause::queue)].total;
        counters.dropped_driver = losses_[index(LossCause::driver)].total;
        counters.corrupt = losses_[index(LossCause::corrupt)].total;
        counters.dropped_disk = losses_[index(LossCause::disk)].total;
    }

 private:
    static std::size_t index(LossCause cause) { return static_cast<std::size_t>(cause); }

    static constexpr std::size_t kMostRuns = 10'000;  // later ones are added to the last
    struct OfCause {
        std::uint64_t total = 0;
        std::pair<std::uint64_t, std::uint64_t> kept;  ///< accepted and written before the last loss
        std::vector<LostMedia> unwritten;
    };

    std::atomic<std::uint64_t> expected_{0}, accepted_{0}, written_{0};
    mutable Mutex mutex_;
    // By cause; the first kRecordedLossCauses are in use.
    std::array<OfCause, kLossCauses.size()> losses_ ONETAKE_GUARDED_BY(mutex_){};
};

}  // namespace onetake
