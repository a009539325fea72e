#include "base/fork_guard.h"

#include <fcntl.h>
#include <mutex>
#include <pthread.h>
#include <set>
#include <unistd.h>

namespace onetake {

namespace {

// Held from before a fork until after it, in parent and child, so that the child finds it complete. A std::mutex: the
// handlers of a fork lock and unlock it in different functions, which annotations cannot follow.
struct Guarded {
    std::mutex mutex;
    std::multiset<int> fds;
};

Guarded& guarded() {
    static auto& all = *new Guarded;  // never destroyed: threads may outlive the other statics
    return all;
}

// Only what is async-signal-safe is called here.
void in_child() {
    if (!guarded().fds.empty()) {
        const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        for (const int fd : guarded().fds)
            if (null < 0 || ::dup3(null, fd, O_CLOEXEC) < 0) ::close(fd);
        if (null >= 0) ::close(null);
    }
    guarded().mutex.unlock();
}

}  // namespace

ForkGuard::ForkGuard(int fd) : fd_(fd) {
    static const int registered =
        ::pthread_atfork([] { guarded().mutex.lock(); }, [] { guarded().mutex.unlock(); }, in_child);
    static_cast<void>(registered);  // fails only without memory: then there is no guard
    const std::lock_guard lock(guarded().mutex);
    guarded().fds.insert(fd);
}

void ForkGuard::reset() {
    if (fd_ < 0) return;
    const std::lock_guard lock(guarded().mutex);
    guarded().fds.extract(std::exchange(fd_, -1));
}

}  // namespace onetake
