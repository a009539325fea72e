#include "enhance/worker_process.h"

#include "base/clock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace onetake {

namespace {

using std::chrono::milliseconds;
constexpr auto kCancelInterval = milliseconds(50);  // poll interval of the stop token
constexpr auto kExitTimeout = milliseconds(2000);   // from the socket's end to the process's exit
constexpr std::size_t kMaxOutputKept = 4096;
constexpr std::size_t kMaxOutputShown = 400;
constexpr int kFirstFreeFd = 3;
constexpr const char* kProgram = "onetake-enhance";

/// Moves a descriptor above the numbers of the standard streams.
UniqueFd above_standard(UniqueFd fd) {
    if (!fd || fd.get() >= kFirstFreeFd) return fd;
    return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
}

void set_nonblocking(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/// File actions and attributes for posix_spawn().
class SpawnSetup {
 public:
    SpawnSetup(int socket, int output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
#if __GLIBC_PREREQ(2, 34)
        posix_spawn_file_actions_addclosefrom_np(&actions_, kFirstFreeFd);
#endif
        posix_spawnattr_init(&attributes_);
        sigset_t none, defaults;
        sigemptyset(&none);
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGCHLD);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &defaults);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
    ~SpawnSetup() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    const posix_spawn_file_actions_t* actions() const {
        return &actions_;
    }
    const posix_spawnattr_t* attributes() const {
        return &attributes_;
    }

 private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

std::string exit_text(int status) {
    if (WIFEXITED(status)) return fmt::format("ended with exit code {}", WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        return fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    return "ended";
}

}  // namespace

struct WorkerProcess::Wait {
    HostTime until;
    const WaitOptions& options;
};

Result<std::string> find_worker() {
    namespace fs = std::filesystem;
    // A path from the environment has no fallback, so that a mistake in it is noticed.
    if (const char* path = ::secure_getenv("ONETAKE_ENHANCE_WORKER"); path && *path) return std::string(path);
#ifdef ONETAKE_SHERPA_VERSION
    Dl_info here{};
    std::error_code error;
    if (::dladdr(reinterpret_cast<const void*>(&find_worker), &here) != 0 && here.dli_fname) {
        const auto folder = fs::weakly_canonical(here.dli_fname, error).parent_path();
        for (const auto& path : {folder / kProgram, folder / ONETAKE_LIB_TO_LIBEXEC / kProgram})
            if (fs::is_regular_file(path, error)) return path.lexically_normal().string();
    }
    return fail(ErrorCode::missing_part,
                fmt::format("The program {}, which runs speech enhancement, is not installed beside the library. "
                            "Install all of onetake, or set the program's path in ONETAKE_ENHANCE_WORKER.",
                            kProgram));
#else
    return fail(ErrorCode::missing_part,
                "This build has no speech enhancement: it was built without sherpa-onnx. Run scripts/fetch_sherpa.sh "
                "and build again.");
#endif
}

WorkerProcess::WorkerProcess(pid_t pid, UniqueFd socket, UniqueFd output)
    : pid_(pid), socket_(std::move(socket)), output_(std::move(output)) {}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      socket_(std::move(other.socket_)),
      output_(std::move(other.output_)),
      output_text_(std::move(other.output_text_)) {}

WorkerProcess::~WorkerProcess() {
    if (pid_ < 0) return;
    // It has no state worth a clean exit.
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Result<WorkerProcess> WorkerProcess::spawn(const std::vector<std::string>& arguments) {
    const auto program = find_worker();
    if (!program) return fail(program.error());
    int sockets[2], pipes[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return fail(file_error("Can't create a socket to", *program, errno));
    UniqueFd socket(sockets[0]), child_socket = above_standard(UniqueFd(sockets[1]));
    if (::pipe2(pipes, O_CLOEXEC) != 0) return fail(file_error("Can't create a pipe to", *program, errno));
    UniqueFd output(pipes[0]), child_output = above_standard(UniqueFd(pipes[1]));
    set_nonblocking(socket.get());
    set_nonblocking(output.get());

    std::vector<std::string> all{*program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const SpawnSetup setup(child_socket.get(), child_output.get());
    pid_t pid = -1;
    if (const int error =
            ::posix_spawn(&pid, program->c_str(), setup.actions(), setup.attributes(), argv.data(), environ);
        error != 0)
        return fail(ErrorCode::missing_part, fmt::format("The speech enhancement program {} can't be started: {}.",
                                                         *program, errno_text(error)));
    return WorkerProcess(pid, std::move(socket), std::move(output));
}

Status WorkerProcess::wait_for(short events, const Wait& wait) {
    for (;;) {
        if (wait.options.cancel.stop_requested())
            return fail(ErrorCode::cancelled, "Speech enhancement was cancelled.");
        const auto left = wait.until - host_now();
        if (left <= Duration::zero())
            return fail(ErrorCode::timed_out,
                        fmt::format("The speech enhancement worker did not reply within {:.0f} s. Its last output: {}",
                                    to_seconds(wait.options.timeout), last_output()));
        const auto slice = wait.options.cancel.stop_possible() ? std::min<Duration>(left, kCancelInterval) : left;
        pollfd fds[2] = {{socket_.get(), events, 0}, {output_.get(), POLLIN, 0}};
        const auto ms = std::chrono::ceil<milliseconds>(slice).count();
        const int n = ::poll(fds, output_ ? 2 : 1, static_cast<int>(std::min<std::int64_t>(ms, 1'000'000)));
        if (n < 0 && errno != EINTR) return fail(ErrorCode::io, "Can't wait for the speech enhancement worker.");
        if (n > 0 && fds[1].revents != 0) read_output();
        if (n > 0 && fds[0].revents != 0) return {};
    }
}

void WorkerProcess::read_output() {
    std::array<char, 1024> bytes{};
    for (;;) {
        const auto n = ::read(output_.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) output_.reset();
        if (n <= 0) return;
        output_text_.append(bytes.data(), static_cast<std::size_t>(n));
        if (output_text_.size() > kMaxOutputKept) output_text_.erase(0, output_text_.size() - kMaxOutputKept);
        if (static_cast<std::size_t>(n) < bytes.size()) return;
    }
}

const std::string& WorkerProcess::output() {
    if (output_) read_output();
    return output_text_;
}

std::string WorkerProcess::last_output() const {
    std::string text;
    for (const char c : output_text_) {
        const bool space = c == '\n' || c == ' ' || c == '\t';
        if (space && (text.empty() || text.back() == ' ')) continue;
        text += space ? ' ' : static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    if (text.size() > kMaxOutputShown) text = "... " + text.substr(text.size() - kMaxOutputShown);
    return text.empty() ? "none." : text;
}

// The worker closed its end of the socket, so it is exiting; kill it if that takes too long.
Error WorkerProcess::exit_error() {
    int status = 0;
    pid_t reaped = -1;
    if (pid_ >= 0) {
        if (const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))); process) {
            pollfd fd{process.get(), POLLIN, 0};
            ::poll(&fd, 1, static_cast<int>(kExitTimeout.count()));
        }
        reaped = ::waitpid(pid_, &status, WNOHANG);
        if (reaped == 0) {
            ::kill(pid_, SIGKILL);
            while ((reaped = ::waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
            }
        }
        pid_ = -1;
    }
    if (output_) read_output();
    socket_.reset();
    return {ErrorCode::io, fmt::format("The speech enhancement worker {}. Its last output: {}",
                                       reaped > 0 ? exit_text(status) : "ended", last_output())};
}

Status WorkerProcess::send(worker::Kind kind, std::span<const std::byte> body, const WaitOptions& options) {
    if (!socket_) return fail(exit_error());
    const Wait wait{host_now() + options.timeout, options};
    const worker::Header header{kind, static_cast<std::uint32_t>(body.size())};
    for (auto part : {std::as_bytes(std::span(&header, 1)), body}) {
        while (!part.empty()) {
            const auto n = ::send(socket_.get(), part.data(), part.size(), MSG_NOSIGNAL);
            if (n > 0) {
                part = part.subspan(static_cast<std::size_t>(n));
                continue;
            }
            // A worker that exited may have sent the reason; receive() returns it.
            if (errno == EPIPE || errno == ECONNRESET) return {};
            if (errno != EAGAIN && errno != EINTR) return fail(exit_error());
            ONETAKE_TRY(wait_for(POLLOUT, wait));
        }
    }
    return {};
}

Status WorkerProcess::read(std::span<std::byte> to, const Wait& wait) {
    while (!to.empty()) {
        const auto n = ::recv(socket_.get(), to.data(), to.size(), 0);
        if (n > 0) {
            to = to.subspan(static_cast<std::size_t>(n));
            continue;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) return fail(exit_error());
        ONETAKE_TRY(wait_for(POLLIN, wait));
    }
    return {};
}

Result<worker::Kind> WorkerProcess::receive(std::vector<std::byte>& body, std::size_t limit,
                                            const WaitOptions& options) {
    if (!socket_) return fail(exit_error());
    const Wait wait{host_now() + options.timeout, options};
    worker::Header header;
    ONETAKE_TRY(read(std::as_writable_bytes(std::span(&header, 1)), wait));
    const bool failed = header.kind == worker::Kind::failed;
    if (header.bytes > (failed ? worker::kMaxMessageLength : limit))
        return fail(ErrorCode::corrupt, "The speech enhancement worker's reply is invalid.");
    body.resize(header.bytes);
    ONETAKE_TRY(read(body, wait));
    if (!failed) return header.kind;
    std::uint32_t code = 0;
    if (body.size() < sizeof code) return fail(ErrorCode::corrupt, "The speech enhancement worker's reply is invalid.");
    std::memcpy(&code, body.data(), sizeof code);
    code = std::min(code, static_cast<std::uint32_t>(ErrorCode::internal));
    return fail(static_cast<ErrorCode>(code),
                std::string(reinterpret_cast<const char*>(body.data()) + sizeof code, body.size() - sizeof code));
}

}  // namespace onetake
