#include "interrupt.h"

#include "cli.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace onetake::cli {

namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
constexpr std::uint64_t kEnd = 1U << 16;  // more than the signals that are passed on

// What the signal handler may touch: lock-free atomics and write().
std::atomic<int> wake{-1};
std::atomic<int> signals_seen{0};
static_assert(std::atomic<int>::is_always_lock_free);

void add(std::uint64_t count) {
    [[maybe_unused]] const auto written = write(wake, &count, sizeof count);
}

void on_signal(int) {
    const int saved = errno;
    if (signals_seen.fetch_add(1) >= 2) {
        constexpr std::string_view text = "\nonetake: ended at once; everything recorded so far is stored\n";
        [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
        _exit(kFailed);
    }
    add(1);
    errno = saved;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> callback) {
    signals_seen = 0;
    wake = eventfd(0, EFD_CLOEXEC);
    // Without a descriptor left, signals keep their default: they end the program.
    if (wake < 0) return;
    watching_ = std::thread([callback = std::move(callback)] {
        std::uint64_t count = 0;
        while (read(wake, &count, sizeof count) == sizeof count) {
            for (std::uint64_t i = 0; i < count % kEnd; ++i) callback();
            if (count >= kEnd) return;
        }
    });
    struct sigaction action {};
    action.sa_handler = onetake::cli::on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
        sigaction(kSignals[i], &action, &before_[i]);
        if (kSignals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN) sigaction(SIGHUP, &before_[i], nullptr);
    }
}

Interrupt::Interrupt(std::stop_source& cancel) : Interrupt([&cancel] { cancel.request_stop(); }) {}

Interrupt::~Interrupt() {
    if (!watching_.joinable()) return;
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
    add(kEnd);
    watching_.join();
    close(wake.exchange(-1));
}

}  // namespace onetake::cli
