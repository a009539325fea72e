#pragma once

#include "base/mutex.h"

namespace onetake {

/// Threads of one encoder when rendering, on a machine of `cores`: 1.5 x cores, at most 16. Always the same on one
/// machine, because x264's packets depend on it.
int rendering_threads(int cores);
/// Cores of this machine, at least 1.
int machine_cores();

/// How many threads the live encoders of a process may use together. Each allocates its share when it opens and returns
/// it when it is closed. An encoder gets half of the free threads, rounded up, so that some remain for later ones, and
/// always at least one: in_use() may exceed total(). Thread-safe.
class EncoderThreadBudget {
 public:
    /// Threads allocated to one encoder; returned on destruction. Must not outlive its budget.
    class Share {
     public:
        Share() = default;
        Share(Share&& other) noexcept;
        Share& operator=(Share&& other) noexcept;
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share();
        /// 0 for an empty share.
        int threads() const { return threads_; }

     private:
        friend class EncoderThreadBudget;
        Share(EncoderThreadBudget* budget, int threads) : budget_(budget), threads_(threads) {}
        EncoderThreadBudget* budget_ = nullptr;
        int threads_ = 0;
    };

    explicit EncoderThreadBudget(int total) : total_(total) {}
    EncoderThreadBudget(const EncoderThreadBudget&) = delete;
    EncoderThreadBudget& operator=(const EncoderThreadBudget&) = delete;

    /// The one budget of this process: 1.5 x the machine's cores.
    static EncoderThreadBudget& of_process();

    /// At most `most` threads, at least 1.
    Share allocate(int most);
    int total() const { return total_; }
    int in_use() const;

 private:
    const int total_;
    mutable Mutex mutex_;
    int in_use_ ONETAKE_GUARDED_BY(mutex_) = 0;
};

}  // namespace onetake
