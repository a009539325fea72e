#include "base/wake_event.h"

#include "base/clock.h"
#include "base/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace onetake {

Result<WakeEvent> WakeEvent::create() {
    UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd) return fail(file_error("opening", "an eventfd", errno));
    return WakeEvent(std::move(fd));
}

void WakeEvent::wake() const noexcept {
    const int saved = errno;  // of a thread that a signal interrupted
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then it is readable already.
    (void)!::write(fd_.get(), &one, sizeof one);
    errno = saved;
}

void WakeEvent::clear() const noexcept {
    std::uint64_t count = 0;
    (void)!::read(fd_.get(), &count, sizeof count);
}

void WakeEvent::wait_until(HostTime until, int other) const {
    constexpr std::int64_t kLongestPoll_ms = 1'000'000;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - host_now()).count();
        if (left <= 0) return;
        std::array<pollfd, 2> fds{{{fd_.get(), POLLIN, 0}, {other, POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), static_cast<int>(std::min(left, kLongestPoll_ms))) > 0) return;
    }
}

}  // namespace onetake
