#pragma once

#include "base/unique_fd.h"

namespace onetake {

/// Suppresses what other libraries print on stderr during its lifetime, unless ONETAKE_LOG=debug. Redirects file
/// descriptor 2 of the process, so keep it short and use one at a time (the caller's mutex).
class StderrSilence {
 public:
    StderrSilence();
    StderrSilence(const StderrSilence&) = delete;
    StderrSilence& operator=(const StderrSilence&) = delete;
    ~StderrSilence();

 private:
    UniqueFd saved_;
};

}  // namespace onetake
