#pragma once

#include <array>
#include <atomic>
#include <signal.h>

namespace onetake::cli {

/// While it exists, SIGINT, SIGTERM and SIGHUP raise a flag instead of ending the program; the third one ends it at
/// once. One at a time in a program.
class Interrupt {
 public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    static const std::atomic<bool>& flag();

 private:
    std::array<struct sigaction, 3> before_{};
};

}  // namespace onetake::cli
