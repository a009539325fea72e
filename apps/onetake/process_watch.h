#pragma once

#include <onetake/result.h>

#include <sys/types.h>

namespace onetake::cli {

/// Waits for another process to end, typically the program that started this one. Thread-bound; move-only.
class ProcessWatch {
 public:
    /// Errors: not_found if there is no such process.
    static Result<ProcessWatch> of(pid_t process);
    ProcessWatch(ProcessWatch&& other) noexcept;
    ProcessWatch& operator=(ProcessWatch&&) = delete;
    ProcessWatch(const ProcessWatch&) = delete;
    ProcessWatch& operator=(const ProcessWatch&) = delete;
    ~ProcessWatch();

    /// Waits up to `timeout_ms`, less if a signal arrives; true if the process has ended.
    bool wait(int timeout_ms) const;

 private:
    explicit ProcessWatch(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace onetake::cli
