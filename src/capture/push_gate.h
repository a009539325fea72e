#pragma once

#include "base/mutex.h"

namespace onetake {

/// Admits the threads that push media one after the other, so that the order of stamps is the order of delivery. No
/// lock is held while an admitted thread delivers, which may block. Thread-safe.
class PushGate {
 public:
    void open() {
        MutexLock lock(mutex_);
        open_ = true;
    }
    /// Waits for its turn; false where the gate is closed. Each true must be followed by leave().
    bool enter() {
        MutexLock lock(mutex_);
        while (open_ && occupied_) changed_.wait(lock);
        if (!open_) return false;
        occupied_ = true;
        return true;
    }
    void leave() {
        {
            MutexLock lock(mutex_);
            occupied_ = false;
        }
        changed_.notify_all();
    }
    /// Refuses waiting and later threads, then waits until the admitted one has left.
    void close() {
        MutexLock lock(mutex_);
        open_ = false;
        changed_.notify_all();
        while (occupied_) changed_.wait(lock);
    }

 private:
    Mutex mutex_;
    ConditionVariable changed_;
    bool open_ ONETAKE_GUARDED_BY(mutex_) = false;
    bool occupied_ ONETAKE_GUARDED_BY(mutex_) = false;
};

}  // namespace onetake
