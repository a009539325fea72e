#include "integration/crash/child.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace onetake {

namespace {

int code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Child::Child(const std::vector<std::string>& args, const std::string& output) {
    std::vector<char*> argv;
    for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error("can't start " + args[0]);
}

Child::~Child() {
    if (pid_ > 0) kill();
}

bool Child::wait_until(HostTime until) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    while (pid_ > 0) {
        const auto left = std::chrono::ceil<std::chrono::microseconds>(until - host_now()).count();
        const auto us = std::max<std::int64_t>(left, 0);
        const timespec timeout{us / 1'000'000, (us % 1'000'000) * 1000};
        pollfd ended{fd, POLLIN, 0};
        if (::ppoll(&ended, 1, &timeout, nullptr) > 0) {
            int status = 0;
            ::waitpid(pid_, &status, 0);
            code_ = code_of(status);
            pid_ = -1;
        } else if (left <= 0) {
            break;
        }
    }
    ::close(fd);
    return pid_ < 0;
}

HostTime Child::kill() {
    const auto now = host_now();
    if (pid_ <= 0) return now;
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    code_ = code_of(status);
    pid_ = -1;
    return now;
}

}  // namespace onetake
