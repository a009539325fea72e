#pragma once

#include "base/error.h"
#include "base/time.h"
#include "base/unique_fd.h"

#include <utility>

namespace onetake {

/// Wakes a thread that waits in poll(): an eventfd, readable from wake() until clear(). Thread-safe.
class WakeEvent {
 public:
    /// Errors: io without a file descriptor left.
    static Result<WakeEvent> create();

    /// Async-signal-safe.
    void wake() const noexcept;
    void clear() const noexcept;
    /// Returns at `until`, or once this event was woken or the descriptor `other` is readable.
    void wait_until(HostTime until, int other) const;
    int fd() const { return fd_.get(); }

 private:
    explicit WakeEvent(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace onetake
