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

namespace onetake {

/// Losses of one cause: their number, and the capture times of the first and the last.
struct LostMedia {
    std::uint64_t count = 0;
    HostTime from, to;
};

/// Counts the frames, or samples per channel, of one track while it is recorded. Any thread; the writing thread writes
/// the losses to the journal.
class InputCounters {
 public:
    void expect(std::uint64_t count) { expected_ += count; }
    void add_written(std::uint64_t count) { written_ += count; }
    /// `time`: of the capture of the frame, or of the first sample.
    void lose(LossCause cause, std::uint64_t count, HostTime time) {
        if (count == 0) return;
        MutexLock lock(mutex_);
        totals_[index(cause)] += count;
        auto& lost = unwritten_[index(cause)];
        lost.from = lost.count == 0 ? time : std::min(lost.from, time);
        lost.to = lost.count == 0 ? time : std::max(lost.to, time);
        lost.count += count;
    }

    std::uint64_t written() const { return written_; }
    /// Sum over all causes.
    std::uint64_t lost() const {
        MutexLock lock(mutex_);
        std::uint64_t sum = 0;
        for (const auto total : totals_) sum += total;
        return sum;
    }
    /// The losses since the last call.
    LostMedia take_unwritten(LossCause cause) {
        MutexLock lock(mutex_);
        return std::exchange(unwritten_[index(cause)], {});
    }
    /// Fills in the counts, not `track` and `kind`.
    void store_in(TrackCounters& counters) const {
        MutexLock lock(mutex_);
        counters.expected = expected_;
        counters.written = written_;
        counters.dropped_queue = totals_[index(LossCause::queue)];
        counters.dropped_driver = totals_[index(LossCause::driver)];
        counters.corrupt = totals_[index(LossCause::corrupt)];
        counters.dropped_disk = totals_[index(LossCause::disk)];
    }

 private:
    static std::size_t index(LossCause cause) { return static_cast<std::size_t>(cause); }

    std::atomic<std::uint64_t> expected_{0}, written_{0};
    mutable Mutex mutex_;
    // By cause; the first kRecordedLossCauses are in use.
    std::array<std::uint64_t, kLossCauses.size()> totals_ ONETAKE_GUARDED_BY(mutex_){};
    std::array<LostMedia, kLossCauses.size()> unwritten_ ONETAKE_GUARDED_BY(mutex_){};
};

}  // namespace onetake
