#pragma once

#include "base/mutex.h"

#include <chrono>
#include <functional>
#include <thread>
#include <utility>

namespace onetake {

/// Calls back twice a second, on a thread of its own, until it is destroyed.
class Ticker {
 public:
    explicit Ticker(std::function<void()> tick) : tick_(std::move(tick)) {}
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    ~Ticker() {
        {
            MutexLock lock(mutex_);
            end_ = true;
        }
        wake_.notify_all();
        if (thread_.joinable()) thread_.join();
    }
    void start() {
        thread_ = std::thread([this] {
            constexpr auto kEvery = std::chrono::milliseconds(500);
            MutexLock lock(mutex_);
            for (;;) {
                const auto next = deadline_in(kEvery);
                while (!end_ && wake_.wait_until(lock, next)) {
                }
                if (end_) return;
                lock.unlock();
                tick_();
                lock.lock();
            }
        });
    }

 private:
    const std::function<void()> tick_;
    Mutex mutex_;
    ConditionVariable wake_;
    bool end_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace onetake
