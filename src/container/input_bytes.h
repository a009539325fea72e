#pragma once

#include "base/time.h"
#include "base/unique_fd.h"

#include <onetake/result.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct AVIOContext;

namespace onetake {

/// Ends calls of an input that wait, from another thread: all later ones at once, or one at its deadline. Thread-safe.
struct InputInterrupt {
    std::atomic<bool> stopping = false;
    std::atomic<std::int64_t> deadline_ns = INT64_MAX;  ///< HostTime

    bool interrupts() const;
};

/// The bytes that libavformat reads: of a file or pipe that we opened, or from memory. Thread-bound.
class InputBytes {
 public:
    /// `path`: a regular file, a FIFO (waits for a writer while reading), or "-" for the standard input. Errors: those
    /// of the file; unsupported for another kind of file.
    static Result<std::unique_ptr<InputBytes>> open(const std::string& path, const InputInterrupt& interrupt);
    static std::unique_ptr<InputBytes> of(std::vector<std::uint8_t> bytes, const InputInterrupt& interrupt);
    InputBytes(const InputBytes&) = delete;
    InputBytes& operator=(const InputBytes&) = delete;
    ~InputBytes();

    /// Owned by this object.
    AVIOContext* context() const { return context_; }
    /// A FIFO or the like: it can't be read twice.
    bool pipe() const { return pipe_; }

 private:
    InputBytes(UniqueFd fd, bool pipe, std::vector<std::uint8_t> memory, const InputInterrupt& interrupt);
    static int read(void* self, std::uint8_t* to, int size);
    static std::int64_t seek(void* self, std::int64_t offset, int whence);
    int read_fd(std::uint8_t* to, int size);

    UniqueFd fd_;
    const bool pipe_;
    const std::vector<std::uint8_t> memory_;  // read where there is no file
    std::int64_t at_ = 0;                     // in memory_
    const InputInterrupt& interrupt_;
    AVIOContext* context_ = nullptr;
};

}  // namespace onetake
