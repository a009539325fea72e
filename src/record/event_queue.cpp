#include "record/event_queue.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"

#include <cstddef>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kMostWaiting = 4096;

bool is_warning(EventKind kind) {
    return kind != EventKind::note && kind != EventKind::fallback && kind != EventKind::loss;
}

// Notes, fallbacks and losses are in the take's metrics, too.
void log_event(const RecorderEvent& event) {
    if (is_warning(event.kind)) log().warn("{}{}{}", event.track, event.track.empty() ? "" : ": ", event.text);
}

}  // namespace

EventQueue::~EventQueue() {
    std::thread thread;
    {
        MutexLock lock(mutex_);
        end_ = true;
        thread = std::move(thread_);
    }
    changed_.notify_all();
    if (thread.joinable()) thread.join();
}

void EventQueue::set(EventCallback callback) {
    flush();
    callback_ = std::move(callback);
}

void EventQueue::post(RecorderEvent event) {
    {
        MutexLock lock(mutex_);
        if (events_.size() >= kMostWaiting) {
            ++missed_;
            return;
        }
        events_.push_back(std::move(event));
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    }
    changed_.notify_all();
}

void EventQueue::flush() {
    MutexLock lock(mutex_);
    while (busy_ || !events_.empty()) changed_.wait(lock);
}

void EventQueue::run() {
    MutexLock lock(mutex_);
    for (;;) {
        while (events_.empty() && !end_) changed_.wait(lock);
        if (events_.empty()) return;
        auto event = std::move(events_.front());
        events_.pop_front();
        if (const auto missed = std::exchange(missed_, 0))
            events_.push_back({EventKind::note, to_seconds(host_now().time_since_epoch()), "", missed,
                               fmt::format("{} left out: on_event was too slow", counted(missed, "event"))});
        busy_ = true;
        lock.unlock();
        callback_ ? callback_(event) : log_event(event);
        lock.lock();
        busy_ = false;
        changed_.notify_all();
    }
}

}  // namespace onetake
