#pragma once

#include "base/clock.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace onetake {

/// A program running beside us, its output in a file. Killed if it is still there at the end. Thread-bound.
class Child {
 public:
    /// Starts `args[0]` with stdout and stderr going to `output`.
    Child(const std::vector<std::string>& args, const std::string& output);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    /// Waits until it has ended or `until` has come; true if it has ended.
    bool wait_until(HostTime until);
    /// kill -9, and waits for the end. Returns the instant just before.
    HostTime kill();
    /// How it ended: exit code, or 128 + signal. After it has ended.
    int code() const { return code_; }

 private:
    pid_t pid_ = -1;
    int code_ = -1;
};

}  // namespace onetake
