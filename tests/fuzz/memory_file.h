#pragma once

#include "base/unique_fd.h"

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

namespace onetake {

/// A file in memory with other content each time: readers that want a file get one without a disk.
class MemoryFile {
 public:
    MemoryFile() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {}

    /// A descriptor of its own, at the file's beginning; valid until the next call.
    UniqueFd with(std::span<const std::uint8_t> bytes) {
        if (::ftruncate(fd_.get(), 0) != 0 ||
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()) ||
            ::lseek(fd_.get(), 0, SEEK_SET) != 0)
            std::abort();
        return UniqueFd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    }

 private:
    UniqueFd fd_;
};

}  // namespace onetake
