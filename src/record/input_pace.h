#pragma once

#include "base/mutex.h"
#include "base/time.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace onetake {

/// Keeps inputs that are read as fast as possible in step: none is further ahead of the slowest than a limit. Each
/// input passes the times of its media from one thread. Thread-safe.
class InputPace {
 public:
    /// Inputs are numbered from 0 in the order of their addition. `begin`: where the input's media begin.
    std::size_t add(HostTime begin) {
        MutexLock lock(mutex_);
        reached_.push_back(begin);
        return reached_.size() - 1;
    }
    /// The input has media at `time`: waits until the others are near it, or until end_all().
    void wait(std::size_t input, HostTime time) {
        MutexLock lock(mutex_);
        reached_[input] = std::max(reached_[input], time);
        changed_.notify_all();
        while (!ended_ && time - slowest() > kAhead) changed_.wait(lock);
    }
    /// The input has no more media.
    void end(std::size_t input) {
        {
            MutexLock lock(mutex_);
            reached_[input] = HostTime::max();
        }
        changed_.notify_all();
    }
    void end_all() {
        {
            MutexLock lock(mutex_);
            ended_ = true;
        }
        changed_.notify_all();
    }

 private:
    static constexpr Duration kAhead = std::chrono::milliseconds(500);
    HostTime slowest() const ONETAKE_REQUIRES(mutex_) { return *std::ranges::min_element(reached_); }

    Mutex mutex_;
    ConditionVariable changed_;
    std::vector<HostTime> reached_ ONETAKE_GUARDED_BY(mutex_);
    bool ended_ ONETAKE_GUARDED_BY(mutex_) = false;
};

}  // namespace onetake
