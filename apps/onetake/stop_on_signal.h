#pragma once

#include <onetake/recorder.h>

#include <array>
#include <signal.h>

namespace onetake::cli {

/// While it exists, SIGINT, SIGTERM and SIGHUP stop the recording; after rendering() was called they cancel the
/// rendering. The third signal ends the program at once. One at a time in a program.
class StopOnSignal {
 public:
    explicit StopOnSignal(AVRecorder& recorder);
    ~StopOnSignal();
    StopOnSignal(const StopOnSignal&) = delete;
    StopOnSignal& operator=(const StopOnSignal&) = delete;

    /// Thread-safe.
    static void rendering() noexcept;

 private:
    std::array<struct sigaction, 3> before_{};
};

}  // namespace onetake::cli
