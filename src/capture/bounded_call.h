#pragma once

#include "base/time.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace onetake {

/// Runs a call that may never return (into an audio driver or a daemon that hangs) on its own thread, so that the
/// caller can wait with a timeout. Thread-bound; move-only.
class BoundedCall {
 public:
    BoundedCall() = default;
    /// Starts `work`, which must own everything it uses: it may outlive its caller.
    static BoundedCall begin(std::function<void()> work);
    BoundedCall(BoundedCall&&) noexcept = default;
    BoundedCall& operator=(BoundedCall&&) = delete;
    BoundedCall(const BoundedCall&) = delete;
    BoundedCall& operator=(const BoundedCall&) = delete;
    /// Joins a call that has returned; one that has not is abandoned and never joined.
    ~BoundedCall();

    /// Waits for the call to return, at most until `deadline`; true if it has.
    bool wait_until(HostTime deadline);
    bool returned() { return wait_until(HostTime::min()); }

    /// Number of abandoned calls that have not returned yet; joins those that have. Thread-safe.
    static std::size_t abandoned();

 private:
    struct Progress;
    struct Abandoned;
    std::shared_ptr<Progress> progress_;
    std::thread thread_;
};

}  // namespace onetake
