#pragma once

#include "base/unique_fd.h"

namespace onetake {

/// Keeps what other libraries print on stderr off the user's terminal while it lives, unless ONETAKE_LOG=debug asks for
/// it. The whole process's file descriptor 2 is turned away, so: briefly, and only one at a time (the caller's mutex).
class StderrSilence {
 public:
    StderrSilence();
    StderrSilence(const StderrSilence&) = delete;
    StderrSilence& operator=(const StderrSilence&) = delete;
    ~StderrSilence();

 private:
    UniqueFd real_;
};

}  // namespace onetake
