#include "portaudio/stderr_silence.h"

#include "base/log.h"

#include <fcntl.h>

namespace onetake {

namespace {

// Asked once: an abandoned call may come here while the program is ending and its logger is gone.
bool noise_wanted() {
    static const bool wanted = log().should_log(spdlog::level::debug);
    return wanted;
}

}  // namespace

StderrSilence::StderrSilence() {
    if (noise_wanted()) return;
    const UniqueFd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
    UniqueFd real(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (nowhere && real && dup2(nowhere.get(), STDERR_FILENO) >= 0) real_ = std::move(real);
}

StderrSilence::~StderrSilence() {
    if (real_) dup2(real_.get(), STDERR_FILENO);
}

}  // namespace onetake
