#include "base/fork_guard.h"

#include "base/unique_fd.h"
#include "support/temp_dir.h"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace onetake {
namespace {

// A child that lives until it is killed.
pid_t forked() {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (::write(ready[1], "1", 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return pid;
}

bool locked(const std::string& path) {
    const UniqueFd other(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    return ::flock(other.get(), LOCK_EX | LOCK_NB) != 0;
}

class ForkGuardTest : public ::testing::Test {
 protected:
    // Whether a forked child holds the lock after the parent has closed the file.
    bool child_holds_lock(bool guarded) {
        const auto path = dir_.file("file");
        UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        EXPECT_EQ(::flock(fd.get(), LOCK_EX), 0);
        ForkGuard guard(fd.get());
        if (!guarded) guard.reset();
        const pid_t child = forked();
        EXPECT_TRUE(locked(path));  // by this process, whatever the child does
        guard.reset();
        fd.reset();
        const bool held = locked(path);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        return held;
    }

    TempDir dir_;
};

TEST_F(ForkGuardTest, ChildDoesNotHoldTheLock) {
    EXPECT_FALSE(child_holds_lock(true));
}

TEST_F(ForkGuardTest, ChildHoldsAnUnguardedLock) {
    EXPECT_TRUE(child_holds_lock(false));
}

}  // namespace
}  // namespace onetake
