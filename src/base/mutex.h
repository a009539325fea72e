#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

/// Locks that clang checks at compile time (-Wthread-safety): a member marked ONETAKE_GUARDED_BY(mutex_) can't be
/// touched without holding mutex_, a function marked ONETAKE_REQUIRES(mutex_) can't be called without. Other compilers
/// see plain std::mutex. scripts/thread_safety.sh runs the check.
#if defined(__clang__)
#define ONETAKE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define ONETAKE_THREAD_ATTRIBUTE(x)
#endif
#define ONETAKE_GUARDED_BY(mutex) ONETAKE_THREAD_ATTRIBUTE(guarded_by(mutex))
#define ONETAKE_REQUIRES(mutex) ONETAKE_THREAD_ATTRIBUTE(requires_capability(mutex))
#define ONETAKE_EXCLUDES(mutex) ONETAKE_THREAD_ATTRIBUTE(locks_excluded(mutex))

namespace onetake {

/// std::mutex with annotations. Locked by MutexLock.
class ONETAKE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

 private:
    friend class MutexLock;
    std::mutex mutex_;
};

/// Holds a mutex until the end of its scope. unlock() and lock() in between are for calls that may block.
class ONETAKE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
    explicit MutexLock(Mutex& mutex) ONETAKE_THREAD_ATTRIBUTE(acquire_capability(mutex)) : lock_(mutex.mutex_) {}
    ~MutexLock() ONETAKE_THREAD_ATTRIBUTE(release_capability()) {}
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void unlock() ONETAKE_THREAD_ATTRIBUTE(release_capability()) { lock_.unlock(); }
    void lock() ONETAKE_THREAD_ATTRIBUTE(acquire_capability()) { lock_.lock(); }

 private:
    friend class ConditionVariable;
    std::unique_lock<std::mutex> lock_;
};

/// std::condition_variable for MutexLock. Wake-ups may be spurious: wait in a loop on the condition itself, which the
/// check can then follow (it can't look into a predicate).
class ConditionVariable {
 public:
    void notify_one() { variable_.notify_one(); }
    void notify_all() { variable_.notify_all(); }
    void wait(MutexLock& lock) { variable_.wait(lock.lock_); }
    /// False once `deadline` has passed.
    template <class Clock, class Duration>
    bool wait_until(MutexLock& lock, std::chrono::time_point<Clock, Duration> deadline) {
        return variable_.wait_until(lock.lock_, deadline) == std::cv_status::no_timeout;
    }

 private:
    std::condition_variable variable_;
};

/// `timeout` from now, for ConditionVariable::wait_until().
template <class Rep, class Period>
std::chrono::steady_clock::time_point deadline_in(std::chrono::duration<Rep, Period> timeout) {
    return std::chrono::steady_clock::now() + timeout;
}

}  // namespace onetake
