#pragma once

#include "base/error.h"

#include <cstdint>

namespace onetake {

/// Disk space reserved while a take is recorded, so that the take can be closed even if the disk fills up: an empty
/// file with preallocated blocks. On a file system that can't preallocate, only the free space is checked.
/// Thread-bound.
class DiskReserve {
 public:
    /// Reserves nothing yet. `dir_fd`: the take's folder, which must outlive the reserve.
    explicit DiskReserve(int dir_fd) : dir_fd_(dir_fd) {}

    /// Makes sure that `bytes` are reserved. Errors: no_space.
    Status keep(std::uint64_t bytes);
    /// Frees the space; nothing is reserved from then on. Idempotent.
    void release();

 private:
    int dir_fd_;
    std::uint64_t reserved_ = 0;
    bool released_ = false;
};

}  // namespace onetake
