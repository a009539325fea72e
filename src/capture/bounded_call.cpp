#include "capture/bounded_call.h"

#include "base/clock.h"
#include "base/mutex.h"

#include <vector>

namespace onetake {

struct BoundedCall::Progress {
    Mutex mutex;
    ConditionVariable changed;
    bool returned ONETAKE_GUARDED_BY(mutex) = false;
};

// Never destroyed, so that its threads need not end before the program exits.
struct BoundedCall::Abandoned {
    static Abandoned& all() {
        static auto& only = *new Abandoned;
        return only;
    }

    Mutex mutex;
    std::vector<BoundedCall> calls ONETAKE_GUARDED_BY(mutex);
};

std::size_t BoundedCall::abandoned() {
    auto& all = Abandoned::all();
    const MutexLock lock(all.mutex);
    std::vector<BoundedCall> left;
    for (auto& call : all.calls)
        if (!call.returned()) left.push_back(std::move(call));
    all.calls.swap(left);
    return all.calls.size();
}

BoundedCall BoundedCall::begin(std::function<void()> work) {
    BoundedCall call;
    call.progress_ = std::make_shared<Progress>();
    call.thread_ = std::thread([progress = call.progress_, work = std::move(work)]() mutable {
        work();
        // Destroy what the work owns on this thread, too: closing a stream is the call that can hang.
        work = nullptr;
        const MutexLock lock(progress->mutex);
        progress->returned = true;
        progress->changed.notify_all();
    });
    return call;
}

BoundedCall::~BoundedCall() {
    if (!thread_.joinable()) return;
    if (returned()) {
        thread_.join();
        return;
    }
    abandoned();
    auto& all = Abandoned::all();
    const MutexLock lock(all.mutex);
    all.calls.push_back(std::move(*this));
}

bool BoundedCall::wait_until(HostTime deadline) {
    if (!progress_) return true;
    auto& progress = *progress_;
    MutexLock lock(progress.mutex);
    const auto until = deadline_in(deadline == HostTime::min() ? Duration::zero() : deadline - host_now());
    while (!progress.returned && progress.changed.wait_until(lock, until)) {
    }
    return progress.returned;
}

}  // namespace onetake
