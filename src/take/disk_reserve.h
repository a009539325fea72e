#pragma once

#include "base/error.h"

#include <cstdint>

namespace onetake {

/// Space that a take keeps back while it is recorded, so that closing it fits however full the disk gets: a file
/// without content to which the file system has given blocks. Where a file system can't do that, a look at the free
/// space takes its place. Thread-bound.
class DiskReserve {
 public:
    /// Holds nothing yet. `dir_fd`: the take's folder, which must outlive the reserve.
    explicit DiskReserve(int dir_fd) : dir_fd_(dir_fd) {}

    /// Makes sure that `bytes` are kept back. Errors: no_space.
    Status keep(std::uint64_t bytes);
    /// Gives the space back; nothing is kept from then on. Idempotent.
    void release();

 private:
    int dir_fd_;
    std::uint64_t kept_ = 0;
    bool released_ = false;
};

}  // namespace onetake
