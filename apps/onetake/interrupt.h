#pragma once

#include <array>
#include <functional>
#include <signal.h>
#include <stop_token>
#include <thread>

namespace onetake::cli {

/// While it exists, SIGINT, SIGTERM and SIGHUP don't end the program: the first two call back, on a thread of their
/// own. The third ends the program at once. SIGHUP stays ignored where it was (nohup). One at a time in a program.
class Interrupt {
 public:
    /// `on_signal` may be called as long as this object exists.
    explicit Interrupt(std::function<void()> on_signal);
    /// Requests a stop of `cancel`.
    explicit Interrupt(std::stop_source& cancel);
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

 private:
    std::array<struct sigaction, 3> before_{};
    std::thread watching_;
};

}  // namespace onetake::cli
