#pragma once

#include "base/mutex.h"

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
    /// Waits for a slot; false once closed.
    bool take() {
        MutexLock lock(mutex_);
        while (!closed_ && used_ >= capacity_) freed_.wait(lock);
        if (closed_) return false;
        count();
        return true;
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
};

}  // namespace onetake
