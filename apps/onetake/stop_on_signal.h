#pragma once

#include <onetake/recorder.h>

#include <array>
#include <signal.h>

namespace onetake::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP end the recorder's take as if its time were up. Once rendering() was
/// called, a further signal ends the program; the take is whole by then and `onetake process` renders it again. The
/// third signal ends it always. One at a time in a program.
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
