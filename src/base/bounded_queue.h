#pragma once

#include "base/mutex.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace onetake {

/// Bounded multi-producer, multi-consumer FIFO of at most `capacity` items. Thread-safe.
template <class T>
class BoundedQueue {
 public:
    explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

    /// Adds unless full or closed; the item stays with the caller when it returns false.
    bool try_push(T&& item) {
        {
            MutexLock lock(mutex_);
            if (closed_ || items_.size() >= capacity_) return false;
            items_.push_back(std::move(item));
        }
        filled_.notify_one();
        return true;
    }

    /// Adds, waiting for room; false when closed, and the item stays with the caller.
    bool push(T&& item) {
        {
            MutexLock lock(mutex_);
            while (!closed_ && items_.size() >= capacity_) drained_.wait(lock);
            if (closed_) return false;
            items_.push_back(std::move(item));
        }
        filled_.notify_one();
        return true;
    }

    /// Takes the oldest, waiting for one; empty once the queue is closed and drained.
    std::optional<T> pop() {
        std::optional<T> item;
        {
            MutexLock lock(mutex_);
            while (!closed_ && items_.empty()) filled_.wait(lock);
            if (items_.empty()) return std::nullopt;
            item = std::move(items_.front());
            items_.pop_front();
        }
        drained_.notify_one();
        return item;
    }

    /// Like pop(), but returns empty after `timeout`.
    template <class Rep, class Period>
    std::optional<T> pop_for(std::chrono::duration<Rep, Period> timeout) {
        std::optional<T> item;
        {
            MutexLock lock(mutex_);
            const auto deadline = deadline_in(timeout);
            while (!closed_ && items_.empty() && filled_.wait_until(lock, deadline)) {
            }
            if (items_.empty()) return std::nullopt;
            item = std::move(items_.front());
            items_.pop_front();
        }
        drained_.notify_one();
        return item;
    }

    /// Rejects further items; those queued can still be popped.
    void close() {
        {
            MutexLock lock(mutex_);
            closed_ = true;
        }
        filled_.notify_all();
        drained_.notify_all();
    }

    bool drained() const {
        MutexLock lock(mutex_);
        return closed_ && items_.empty();
    }

    std::size_t size() const {
        MutexLock lock(mutex_);
        return items_.size();
    }

 private:
    mutable Mutex mutex_;
    ConditionVariable filled_, drained_;
    std::deque<T> items_ ONETAKE_GUARDED_BY(mutex_);
    const std::size_t capacity_;
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false;
};

}  // namespace onetake
