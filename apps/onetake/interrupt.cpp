#include "interrupt.h"

#include "cli.h"

#include <unistd.h>

namespace onetake::cli {

namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

// What a signal handler may touch: lock-free atomics and nothing else.
std::atomic<bool> raised{false};
std::atomic<int> signals_seen{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int) {
    raised = true;
    if (signals_seen.fetch_add(1) >= 2) _exit(kFailed);
}

}  // namespace

Interrupt::Interrupt() {
    raised = false;
    signals_seen = 0;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before_[i]);
}

Interrupt::~Interrupt() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

const std::atomic<bool>& Interrupt::flag() {
    return raised;
}

}  // namespace onetake::cli
