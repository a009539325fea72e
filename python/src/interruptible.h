#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <nanobind/nanobind.h>
#include <optional>
#include <thread>

namespace onetake::python {

namespace nb = nanobind;

/// What Python's signal handlers raised while a call was running; to be raised after it.
using Interrupt = std::optional<nb::python_error>;

/// Runs a blocking call without the GIL, on a thread of its own, so that Python's signal handlers run meanwhile. Each
/// time one raises (Ctrl-C), calls `on_interrupt` and waits on; the first exception is in `interrupt` afterwards. Needs
/// the GIL. The call must not use Python. `meanwhile` is called with the GIL, some twenty times a second.
template <class Call>
auto run_interruptible(Call call, const std::function<void()>& on_interrupt, Interrupt& interrupt,
                       const std::function<void()>& meanwhile = {}) {
    using namespace std::chrono_literals;
    std::optional<decltype(call())> result;
    std::exception_ptr failure;
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::thread worker([&] {
        try {
            result.emplace(call());
        } catch (...) {
            failure = std::current_exception();
        }
        const std::lock_guard lock(mutex);
        done = true;
        changed.notify_all();
    });
    for (bool over = false; !over;) {
        {
            const nb::gil_scoped_release release;
            std::unique_lock lock(mutex);
            over = changed.wait_for(lock, 50ms, [&] { return done; });
        }
        try {
            if (PyErr_CheckSignals() != 0) throw nb::python_error();  // takes the exception
            if (meanwhile) meanwhile();
        } catch (nb::python_error& raised) {
            if (!interrupt) interrupt.emplace(std::move(raised));
            on_interrupt();
        }
    }
    worker.join();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
}

/// The same for calls that need no more than to be cancelled.
template <class Call>
auto run_interruptible(Call call, const std::function<void()>& on_interrupt) {
    Interrupt interrupt;
    auto result = run_interruptible(std::move(call), on_interrupt, interrupt);
    if (interrupt) throw nb::python_error(std::move(*interrupt));
    return result;
}

}  // namespace onetake::python
