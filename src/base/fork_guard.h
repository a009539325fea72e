#pragma once

#include <utility>

namespace onetake {

/// Keeps a descriptor's lock from passing to forked children, which would hold it for as long as they live: in a child,
/// the descriptor is one of /dev/null. Does not own the descriptor; destroy it first. Threads: any.
class ForkGuard {
 public:
    ForkGuard() = default;
    explicit ForkGuard(int fd);
    ForkGuard(ForkGuard&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ForkGuard& operator=(ForkGuard&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ForkGuard(const ForkGuard&) = delete;
    ForkGuard& operator=(const ForkGuard&) = delete;
    ~ForkGuard() { reset(); }

    void reset();

 private:
    int fd_ = -1;
};

}  // namespace onetake
