#pragma once

#include "base/unique_fd.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <utility>

namespace onetake {

/// A socket bound to a free port of the loopback interface.
class LocalSocket {
 public:
    explicit LocalSocket(int type) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        socklen_t size = sizeof address;
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    int fd() const { return fd_.get(); }
    int port() const { return port_; }
    void close() { fd_.reset(); }

 private:
    UniqueFd fd_;
    int port_ = 0;
};

/// A port that was free just now.
inline int free_tcp_port() {
    return LocalSocket(SOCK_STREAM).port();
}

/// A process that runs a shell command; ended with the object.
class Child {
 public:
    /// Returns once the process has written something to its output, if `awaits_output`.
    explicit Child(const std::string& command, bool awaits_output = false) {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe(ends), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::close(ends[1]);
            ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        output_.reset(ends[0]);
        pollfd waiting{output_.get(), POLLIN, 0};
        EXPECT_TRUE(!awaits_output || ::poll(&waiting, 1, 60'000) == 1) << command;
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

 private:
    pid_t pid_;
    UniqueFd output_;
};

}  // namespace onetake
