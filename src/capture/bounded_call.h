#pragma once

#include "base/time.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace onetake {

/// A call that may never return (into a sound driver or a daemon that hangs), on a thread of its own, so that its
/// caller stays in time. Thread-bound; move-only.
class BoundedCall {
 public:
    BoundedCall() = default;
    /// Begins `work`, which must own all it touches: it may outlive its caller.
    static BoundedCall begin(std::function<void()> work);
    BoundedCall(BoundedCall&&) noexcept = default;
    BoundedCall& operator=(BoundedCall&&) = delete;
    BoundedCall(const BoundedCall&) = delete;
    BoundedCall& operator=(const BoundedCall&) = delete;
    /// Joins a call that has returned. One that has not is abandoned: nobody waits for it any more.
    ~BoundedCall();

    /// Waits for the call to return, at most until `deadline`; whether it has.
    bool wait_until(HostTime deadline);
    bool returned() { return wait_until(HostTime::min()); }

    /// How many abandoned calls have still not returned; those that have are cleared away. Thread-safe.
    static std::size_t abandoned();

 private:
    struct Progress;
    struct Abandoned;
    std::shared_ptr<Progress> progress_;
    std::thread thread_;
};

}  // namespace onetake
