#pragma once

#include "base/error.h"
#include "base/mutex.h"
#include "base/time.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace onetake {

/// Work on a thread of its own beside a recording: it follows something that grows until complete() says that there is
/// no more, or abandon() that nobody wants the result. One work; start() and wait() from one thread, all else from any.
/// Declare it behind the members that its work uses.
template <class T>
class BackgroundJob {
 public:
    enum class Priority { normal, low };

    explicit BackgroundJob(Priority priority = Priority::low) : priority_(priority) {}
    BackgroundJob(const BackgroundJob&) = delete;
    BackgroundJob& operator=(const BackgroundJob&) = delete;
    /// Abandons the work and waits for its end.
    ~BackgroundJob() {
        abandon();
        join();
    }

    void start(std::function<Result<T>()> work) {
        thread_ = std::thread([this, work = std::move(work)] {
            // Threads that the work starts inherit the priority.
            constexpr int kLow = 10;
            if (priority_ == Priority::low) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLow);
            auto result = work();
            {
                MutexLock lock(mutex_);
                result_ = std::move(result);
            }
            changed_.notify_all();
        });
    }

    /// What is followed has come to its end: the rest is to be done now.
    void complete() { end(); }
    /// As complete(), and the work should end at once: stop_token() is requested to stop.
    void abandon() {
        stop_.request_stop();
        end();
    }
    /// Abandons the work when `outer` is requested to stop. Once, before start().
    void abandon_on(std::stop_token outer) {
        outer_.emplace(std::move(outer), [this] { abandon(); });
    }
    std::stop_token stop_token() const { return stop_.get_token(); }
    bool is_complete() const {
        MutexLock lock(mutex_);
        return complete_;
    }
    bool is_abandoned() const { return stop_.stop_requested(); }

    /// For the work: waits up to `timeout` for complete(). False once it was called.
    bool wait_for_more(Duration timeout) {
        MutexLock lock(mutex_);
        const auto deadline = deadline_in(timeout);
        while (!complete_ && changed_.wait_until(lock, deadline)) {
        }
        return !complete_;
    }
    /// For the work: makes a change that wait_until() may be waiting for. `change` runs under the job's lock.
    template <class Change>
    void update(Change&& change) {
        {
            MutexLock lock(mutex_);
            change();
        }
        changed_.notify_all();
    }
    /// Waits until `condition()` or the end of the work, then returns what `look(result)` gives: null before the end.
    /// Both run under the job's lock.
    template <class Condition, class Look>
    auto wait_until(Condition&& condition, Look&& look) {
        MutexLock lock(mutex_);
        while (!result_ && !condition()) changed_.wait(lock);
        return look(result_ ? &*result_ : nullptr);
    }

    /// Waits for the end of the work, after start() and complete() or abandon().
    Result<T> wait() {
        join();
        MutexLock lock(mutex_);
        return result_ ? *result_ : fail(ErrorCode::internal, "The work did not run.");
    }

 private:
    void end() {
        {
            MutexLock lock(mutex_);
            complete_ = true;
        }
        changed_.notify_all();
    }
    void join() {
        if (thread_.joinable()) thread_.join();
    }

    const Priority priority_;
    std::stop_source stop_;
    mutable Mutex mutex_;
    bool complete_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::optional<Result<T>> result_ ONETAKE_GUARDED_BY(mutex_);  // once the work has ended
    ConditionVariable changed_;
    std::thread thread_;
    std::optional<std::stop_callback<std::function<void()>>> outer_;
};

}  // namespace onetake
