#pragma once

#include <exception>
#include <functional>
#include <utility>

namespace onetake {

/// Whether the calling thread is inside a callback of a program. Calls that wait for callbacks to end are refused
/// there.
inline thread_local bool in_callback = false;

/// A program's callback, made safe to call from the recorder's threads: an exception that it throws goes no further,
/// and `failed(what)` is called with its text. An empty callback stays empty.
template <class... Args, class Failed>
std::function<void(Args...)> guarded(std::function<void(Args...)> callback, Failed failed) {
    if (!callback) return {};
    return [callback = std::move(callback), failed = std::move(failed)](Args... args) mutable {
        const bool outer = std::exchange(in_callback, true);
        try {
            callback(args...);
        } catch (const std::exception& e) {
            failed(e.what());
        } catch (...) {
            failed("an exception that is no std::exception");
        }
        in_callback = outer;
    };
}

}  // namespace onetake
