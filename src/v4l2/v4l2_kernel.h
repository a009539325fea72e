#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

/// What ended a wait for a camera.
enum class V4l2Wake {
    timeout,
    ready,   ///< a buffer can be dequeued
    failed,  ///< the device has failed or is disconnected; dequeuing returns the reason
    woken,   ///< the wake descriptor was written to
};

/// The system calls a camera needs, and nothing more, so that tests run the real code on a fake kernel.
/// Thread-safe.
class V4l2Kernel {
 public:
    virtual ~V4l2Kernel() = default;

    /// Opens a node for non-blocking streaming: a descriptor, or a negative errno.
    virtual int open(const std::string& path) = 0;
    virtual void close(int fd) = 0;
    /// 0 or an errno, never EINTR.
    virtual int ioctl(int fd, unsigned long request, void* argument) = 0;
    /// A shared mapping; null on failure.
    virtual void* mmap(int fd, std::size_t length, std::int64_t offset) = 0;
    virtual void munmap(void* address, std::size_t length) = 0;
    /// Waits for `fd` (ignored if negative), for `wake_fd` to become readable, or for `timeout`.
    virtual V4l2Wake poll(int fd, int wake_fd, Duration timeout) = 0;
    /// CLOCK_MONOTONIC, the clock of the drivers' stamps.
    virtual HostTime now() const = 0;

    /// Names in a folder, unordered; empty if there is no such folder.
    virtual std::vector<std::string> names(const std::string& folder) const = 0;
    /// The target of a path with every link followed; empty if it does not exist.
    virtual std::string resolve(const std::string& path) const = 0;
    /// Which other process has a node open, as far as this user can see: "cheese (pid 712)"; else empty.
    virtual std::string holder(const std::string& path) const = 0;
};

/// The running system; never destroyed.
V4l2Kernel& real_v4l2_kernel();

}  // namespace onetake
