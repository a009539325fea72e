#pragma once

#include <condition_variable>
#include <mutex>

namespace onetake {

/// Limits how many items are in flight between the two ends of a pipeline. Thread-safe.
class InFlightLimit {
 public:
    explicit InFlightLimit(int capacity) : capacity_(capacity) {}

    bool try_take() {
        std::lock_guard lock(mutex_);
        if (closed_ || used_ >= capacity_) return false;
        count();
        return true;
    }
    /// Waits for a slot; false once closed.
    bool take() {
        std::unique_lock lock(mutex_);
        freed_.wait(lock, [&] { return closed_ || used_ < capacity_; });
        if (closed_) return false;
        count();
        return true;
    }
    void give_back() {
        {
            std::lock_guard lock(mutex_);
            --used_;
        }
        freed_.notify_one();
    }
    /// Grants no further slots; waiting take() calls return false.
    void close() {
        {
            std::lock_guard lock(mutex_);
            closed_ = true;
        }
        freed_.notify_all();
    }
    /// Highest number of slots in use at once.
    int deepest() const {
        std::lock_guard lock(mutex_);
        return deepest_;
    }

 private:
    void count() {
        if (++used_ > deepest_) deepest_ = used_;
    }

    mutable std::mutex mutex_;
    std::condition_variable freed_;
    const int capacity_;
    int used_ = 0, deepest_ = 0;
    bool closed_ = false;
};

}  // namespace onetake
