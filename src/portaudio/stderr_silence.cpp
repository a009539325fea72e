#include "portaudio/stderr_silence.h"

#include "base/log.h"

#include <fcntl.h>

namespace onetake {

namespace {

// Evaluated once: an abandoned call may get here while the program exits and its logger has been destroyed.
bool stderr_wanted() {
    static const bool wanted = log().should_log(spdlog::level::debug);
    return wanted;
}

}  // namespace

StderrSilence::StderrSilence() {
    if (stderr_wanted()) return;
    const UniqueFd null_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    UniqueFd saved(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (null_fd && saved && dup2(null_fd.get(), STDERR_FILENO) >= 0) saved_ = std::move(saved);
}

StderrSilence::~StderrSilence() {
    if (saved_) dup2(saved_.get(), STDERR_FILENO);
}

}  // namespace onetake
