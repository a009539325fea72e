#pragma once

#include "base/mutex.h"

#include <chrono>
#include <optional>

namespace onetake {

/// Limits how many items are in flight between the two ends of a pipeline. Thread-safe.
class InFlightLimit {
 public:
    explicit InFlightLimit(int capacity) : capacity_(capacity) {}

    bool try_take() {
        MutexLock lock(mutex_);
        if (closed_ || used_ >= capacity_) return false;
        count();
        return true;
    }
    /// Waits for a slot; false once closed, and where waiting is limited, when none is free in time.
    bool take() {
        MutexLock lock(mutex_);
        while (!closed_ && used_ >= capacity_) {
            if (!wait_until_)
                freed_.wait(lock);
            else if (!freed_.wait_until(lock, *wait_until_))
                break;
        }
        if (closed_ || used_ >= capacity_) return false;
        count();
        return true;
    }
    /// From now on take() waits until `deadline` at most, also where it waits already.
    void limit_waiting(std::chrono::steady_clock::time_point deadline) {
        {
            MutexLock lock(mutex_);
            wait_until_ = deadline;
        }
        freed_.notify_all();
    }
    void give_back() {
        {
            MutexLock lock(mutex_);
            --used_;
        }
        freed_.notify_one();
    }
    /// Grants no further slots; waiting take() calls return false.
    void close() {
        {
            MutexLock lock(mutex_);
            closed_ = true;
        }
        freed_.notify_all();
    }
    int capacity() const { return capacity_; }
    int used() const {
        MutexLock lock(mutex_);
        return used_;
    }
    /// Highest number of slots in use at once.
    int deepest() const {
        MutexLock lock(mutex_);
        return deepest_;
    }

 private:
    void count() ONETAKE_REQUIRES(mutex_) {
        if (++used_ > deepest_) deepest_ = used_;
    }

    mutable Mutex mutex_;
    ConditionVariable freed_;
    const int capacity_;
    int used_ ONETAKE_GUARDED_BY(mutex_) = 0;
    int deepest_ ONETAKE_GUARDED_BY(mutex_) = 0;
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::optional<std::chrono::steady_clock::time_point> wait_until_ ONETAKE_GUARDED_BY(mutex_);
};

}  // namespace onetake
