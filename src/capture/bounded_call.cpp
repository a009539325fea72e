#include "capture/bounded_call.h"

#include "base/clock.h"

#include <condition_variable>
#include <mutex>
#include <vector>

namespace onetake {

struct BoundedCall::Progress {
    std::mutex mutex;
    std::condition_variable changed;
    bool returned = false;
};

namespace {

// Never destroyed, so that the threads in it need not end before the program does.
void keep_for_good(std::thread thread) {
    static auto& mutex = *new std::mutex;
    static auto& threads = *new std::vector<std::thread>;
    std::lock_guard lock(mutex);
    threads.push_back(std::move(thread));
}

}  // namespace

BoundedCall BoundedCall::begin(std::function<void()> work) {
    BoundedCall call;
    call.progress_ = std::make_shared<Progress>();
    call.thread_ = std::thread([progress = call.progress_, work = std::move(work)]() mutable {
        work();
        // What the work owned goes here, too: letting go of a stream is the very call that hangs.
        work = nullptr;
        std::lock_guard lock(progress->mutex);
        progress->returned = true;
        progress->changed.notify_all();
    });
    return call;
}

BoundedCall::~BoundedCall() {
    if (!thread_.joinable()) return;
    if (returned())
        thread_.join();
    else
        keep_for_good(std::move(thread_));
}

bool BoundedCall::wait_until(HostTime deadline) {
    if (!progress_) return true;
    std::unique_lock lock(progress_->mutex);
    const Duration left = deadline == HostTime::min() ? Duration::zero() : deadline - host_now();
    if (left > Duration::zero()) progress_->changed.wait_for(lock, left, [&] { return progress_->returned; });
    return progress_->returned;
}

}  // namespace onetake
