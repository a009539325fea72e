#pragma once

#include "errors.h"

#include <unistd.h>

namespace onetake::python {

/// Remembers the process that made an object with threads: a forked child has none of them, so it must neither use nor
/// destroy the object.
class ProcessGuard {
 public:
    bool in_child() const { return ::getpid() != made_by_; }
    void check() const {
        if (in_child())
            raise({ErrorCode::wrong_state,
                   "This recorder belongs to the process that made it and does not work after fork. Make another one "
                   "here, or start the process with multiprocessing's method \"spawn\"."});
    }

 private:
    pid_t made_by_ = ::getpid();
};

}  // namespace onetake::python
