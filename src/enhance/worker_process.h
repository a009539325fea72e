#pragma once

#include "base/error.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "enhance/worker_protocol.h"

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <vector>

namespace onetake {

/// Timeout for one reply of the worker, and cancellation.
struct WaitOptions {
    Duration timeout = std::chrono::seconds(60);
    std::stop_token cancel;  ///< polled while waiting
};

/// The program onetake-enhance as a child of this process, and the socket to it. No call hangs: each ends at its
/// timeout, and the exit of the child is an Error with its exit code or signal and its last output. Killed and reaped
/// when destroyed. Thread-bound.
class WorkerProcess {
 public:
    /// Errors: missing_part if the program is not installed.
    static Result<WorkerProcess> spawn(const std::vector<std::string>& arguments);
    WorkerProcess(WorkerProcess&& other) noexcept;
    WorkerProcess& operator=(WorkerProcess&&) = delete;
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;
    ~WorkerProcess();

    Status send(worker::Kind kind, std::span<const std::byte> body, const WaitOptions& options);
    /// The next message; its body, at most `limit` bytes, goes into `body`. A `failed` message is an Error.
    Result<worker::Kind> receive(std::vector<std::byte>& body, std::size_t limit, const WaitOptions& options);

    /// What it has printed so far, or the last of it.
    const std::string& output();
    pid_t pid() const { return pid_; }

 private:
    struct Wait;
    WorkerProcess(pid_t pid, UniqueFd socket, UniqueFd output);
    Status read(std::span<std::byte> to, const Wait& wait);
    Status wait_for(short events, const Wait& wait);
    void read_output();
    Error exit_error();
    std::string last_output() const;

    pid_t pid_;        ///< -1 once reaped
    UniqueFd socket_;  ///< non-blocking, like the next one
    UniqueFd output_;  ///< stdout and stderr of the child
    std::string output_text_;
};

/// The worker program: $ONETAKE_ENHANCE_WORKER, else beside this library, else in its libexec folder. Errors:
/// missing_part.
Result<std::string> find_worker();

}  // namespace onetake
