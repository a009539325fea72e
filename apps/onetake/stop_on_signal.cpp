#include "stop_on_signal.h"

#include "cli.h"

#include <atomic>
#include <string_view>
#include <unistd.h>

namespace onetake::cli {

namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

// What a signal handler may touch: lock-free atomics and nothing else.
std::atomic<AVRecorder*> running{nullptr};
std::atomic<int> signals_seen{0};
std::atomic<bool> is_rendering{false};
static_assert(std::atomic<AVRecorder*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int) {
    if (signals_seen.fetch_add(1) >= 2) {
        constexpr std::string_view text = "\nonetake: ended at once; everything recorded so far is stored\n";
        [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
        _exit(kFailed);
    }
    auto* recorder = running.load();
    if (recorder == nullptr) return;
    if (is_rendering)
        recorder->cancel_rendering();
    else
        recorder->request_stop();
}

}  // namespace

StopOnSignal::StopOnSignal(AVRecorder& recorder) {
    signals_seen = 0;
    is_rendering = false;
    running = &recorder;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
        sigaction(kSignals[i], &action, &before_[i]);
        // With nohup, recording continues when the terminal is closed.
        if (kSignals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN) sigaction(SIGHUP, &before_[i], nullptr);
    }
}

StopOnSignal::~StopOnSignal() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
    running = nullptr;
}

void StopOnSignal::rendering() noexcept {
    is_rendering = true;
}

}  // namespace onetake::cli
