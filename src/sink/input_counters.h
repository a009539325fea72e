#pragma once

#include <onetake/loss_cause.h>
#include <onetake/metrics.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace onetake {

/// Counts the frames, or samples per channel, of one track while it is recorded. Any thread; the writing thread writes
/// the losses to the journal.
class InputCounters {
 public:
    void expect(std::uint64_t count) { expected_ += count; }
    void add_written(std::uint64_t count) { written_ += count; }
    void lose(LossCause cause, std::uint64_t count) {
        auto& loss = losses_[static_cast<std::size_t>(cause)];
        loss.total += count;
        loss.unwritten += count;
    }

    std::uint64_t written() const { return written_; }
    /// Sum over all causes.
    std::uint64_t lost() const {
        std::uint64_t sum = 0;
        for (const auto& loss : losses_) sum += loss.total;
        return sum;
    }
    /// The losses since the last call.
    std::uint64_t take_unwritten(LossCause cause) {
        return losses_[static_cast<std::size_t>(cause)].unwritten.exchange(0);
    }
    /// Fills in the counts, not `track` and `kind`.
    void store_in(TrackCounters& counters) const {
        counters.expected = expected_;
        counters.written = written_;
        counters.dropped_queue = total(LossCause::queue);
        counters.dropped_driver = total(LossCause::driver);
        counters.corrupt = total(LossCause::corrupt);
        counters.dropped_disk = total(LossCause::disk);
    }

 private:
    struct Loss {
        std::atomic<std::uint64_t> total{0}, unwritten{0};
    };
    std::uint64_t total(LossCause cause) const { return losses_[static_cast<std::size_t>(cause)].total; }

    std::atomic<std::uint64_t> expected_{0}, written_{0};
    std::array<Loss, kLossCauses.size()> losses_;  // by cause; the first kRecordedLossCauses are in use
};

}  // namespace onetake
