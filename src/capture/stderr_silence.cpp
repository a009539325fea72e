#include "capture/stderr_silence.h"

#include "base/log.h"

#include <fcntl.h>

namespace onetake {

StderrSilence::StderrSilence() {
    if (log().should_log(spdlog::level::debug)) return;
    const UniqueFd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
    UniqueFd real(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (nowhere && real && dup2(nowhere.get(), STDERR_FILENO) >= 0) real_ = std::move(real);
}

StderrSilence::~StderrSilence() {
    if (real_) dup2(real_.get(), STDERR_FILENO);
}

}  // namespace onetake
