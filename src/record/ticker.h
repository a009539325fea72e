#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace onetake {

/// Calls back twice a second, on a thread of its own, until it goes away.
class Ticker {
 public:
    explicit Ticker(std::function<void()> tick) : tick_(std::move(tick)) {}
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    ~Ticker() {
        {
            std::lock_guard lock(mutex_);
            end_ = true;
        }
        wake_.notify_all();
        if (thread_.joinable()) thread_.join();
    }
    void start() {
        thread_ = std::thread([this] {
            constexpr auto kEvery = std::chrono::milliseconds(500);
            std::unique_lock lock(mutex_);
            while (!wake_.wait_for(lock, kEvery, [&] { return end_; })) {
                lock.unlock();
                tick_();
                lock.lock();
            }
        });
    }

 private:
    const std::function<void()> tick_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool end_ = false;
    std::thread thread_;
};

}  // namespace onetake
