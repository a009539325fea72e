#pragma once

#include "base/mutex.h"

#include <onetake/event.h>

#include <cstdint>
#include <deque>
#include <thread>

namespace onetake {

/// Passes events to a program's callback, in order, on a thread of its own, so that a slow callback holds up nothing.
/// One that is too slow misses events; it is told how many. Without a callback, warnings go to the log. Thread-safe.
class EventQueue {
 public:
    EventQueue() = default;
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;
    /// Passes on the rest.
    ~EventQueue();

    /// While no event is being passed on.
    void set(EventCallback callback);
    /// Never blocks.
    void post(RecorderEvent event);
    /// Waits until every event posted before has been passed on.
    void flush();

 private:
    void run();

    EventCallback callback_;  // changed while the queue is empty
    Mutex mutex_;
    ConditionVariable changed_;
    std::deque<RecorderEvent> events_ ONETAKE_GUARDED_BY(mutex_);
    std::uint64_t missed_ ONETAKE_GUARDED_BY(mutex_) = 0;
    bool busy_ ONETAKE_GUARDED_BY(mutex_) = false;
    bool end_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::thread thread_ ONETAKE_GUARDED_BY(mutex_);
};

}  // namespace onetake
