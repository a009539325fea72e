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
constexpr auto kCancelEvery = milliseconds(50);      // a flag has no descriptor to wait on
constexpr auto kDeathPatience = milliseconds(2000);  // from the socket's end to the process's
constexpr std::size_t kWordsKept = 4096;
constexpr std::size_t kWordsShown = 400;
constexpr int kFirstFreeFd = 3;
constexpr const char* kProgram = "onetake-enhance";

/// The same descriptor with a number that a child's standard streams don't have.
UniqueFd above_standard(UniqueFd fd) {
    if (!fd || fd.get() >= kFirstFreeFd) return fd;
    return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
}

void must_not_block(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/// What posix_spawn() is to set up in the child.
class SpawnPlan {
 public:
    SpawnPlan(int socket, int words) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, words, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, words, STDERR_FILENO);
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
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
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

std::string how_it_ended(int status) {
    if (WIFEXITED(status)) return fmt::format("ended with exit code {}", WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        return fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    return "ended";
}

}  // namespace

struct WorkerProcess::Wait {
    HostTime until;
    const WorkerPatience& patience;
};

Result<std::string> find_worker() {
    namespace fs = std::filesystem;
    // A path from the environment is final: a mistake in it must show, not be papered over.
    if (const char* told = ::secure_getenv("ONETAKE_ENHANCE_WORKER"); told && *told) return std::string(told);
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
                            "Install onetake whole, or name the program in ONETAKE_ENHANCE_WORKER.",
                            kProgram));
#else
    return fail(ErrorCode::missing_part,
                "This build has no speech enhancement: it was made without sherpa-onnx. Run scripts/fetch_sherpa.sh "
                "and build again.");
#endif
}

WorkerProcess::WorkerProcess(pid_t pid, UniqueFd socket, UniqueFd words)
    : pid_(pid), socket_(std::move(socket)), words_(std::move(words)) {}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      socket_(std::move(other.socket_)),
      words_(std::move(other.words_)),
      heard_(std::move(other.heard_)) {}

WorkerProcess::~WorkerProcess() {
    if (pid_ < 0) return;
    // It holds nothing that is worth waiting for.
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Result<WorkerProcess> WorkerProcess::spawn(const std::vector<std::string>& arguments) {
    const auto program = find_worker();
    if (!program) return fail(program.error());
    int sockets[2], pipes[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return fail(file_error("Can't make a socket to", *program, errno));
    UniqueFd ours(sockets[0]), theirs = above_standard(UniqueFd(sockets[1]));
    if (::pipe2(pipes, O_CLOEXEC) != 0) return fail(file_error("Can't make a pipe to", *program, errno));
    UniqueFd words(pipes[0]), their_words = above_standard(UniqueFd(pipes[1]));
    must_not_block(ours.get());
    must_not_block(words.get());

    std::vector<std::string> all{*program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const SpawnPlan plan(theirs.get(), their_words.get());
    pid_t pid = -1;
    if (const int error =
            ::posix_spawn(&pid, program->c_str(), plan.actions(), plan.attributes(), argv.data(), environ);
        error != 0)
        return fail(ErrorCode::missing_part, fmt::format("The speech enhancement program {} can't be started: {}.",
                                                         *program, errno_text(error)));
    return WorkerProcess(pid, std::move(ours), std::move(words));
}

Status WorkerProcess::wait_for(short events, const Wait& wait) {
    for (;;) {
        if (wait.patience.cancelled && wait.patience.cancelled())
            return fail(ErrorCode::cancelled, "Speech enhancement was cancelled.");
        const auto left = wait.until - host_now();
        if (left <= Duration::zero())
            return fail(ErrorCode::timed_out,
                        fmt::format("The speech enhancement worker gave no answer within {:.0f} s. Its last words: {}",
                                    to_seconds(wait.patience.timeout), last_words()));
        const auto slice = wait.patience.cancelled ? std::min<Duration>(left, kCancelEvery) : left;
        pollfd fds[2] = {{socket_.get(), events, 0}, {words_.get(), POLLIN, 0}};
        const auto ms = std::chrono::ceil<milliseconds>(slice).count();
        const int n = ::poll(fds, words_ ? 2 : 1, static_cast<int>(std::min<std::int64_t>(ms, 1'000'000)));
        if (n < 0 && errno != EINTR) return fail(ErrorCode::io, "Can't wait for the speech enhancement worker.");
        if (n > 0 && fds[1].revents != 0) hear();
        if (n > 0 && fds[0].revents != 0) return {};
    }
}

void WorkerProcess::hear() {
    std::array<char, 1024> bytes{};
    for (;;) {
        const auto n = ::read(words_.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) words_.reset();
        if (n <= 0) return;
        heard_.append(bytes.data(), static_cast<std::size_t>(n));
        if (heard_.size() > kWordsKept) heard_.erase(0, heard_.size() - kWordsKept);
        if (static_cast<std::size_t>(n) < bytes.size()) return;
    }
}

std::string WorkerProcess::last_words() const {
    std::string text;
    for (const char c : heard_) {
        const bool space = c == '\n' || c == ' ' || c == '\t';
        if (space && (text.empty() || text.back() == ' ')) continue;
        text += space ? ' ' : static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    if (text.size() > kWordsShown) text = "... " + text.substr(text.size() - kWordsShown);
    return text.empty() ? "none." : text;
}

// Its end of the socket is closed: it is dying, and kept from taking its time over it.
Error WorkerProcess::death() {
    int status = 0;
    pid_t reaped = -1;
    if (pid_ >= 0) {
        if (const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))); process) {
            pollfd fd{process.get(), POLLIN, 0};
            ::poll(&fd, 1, static_cast<int>(kDeathPatience.count()));
        }
        reaped = ::waitpid(pid_, &status, WNOHANG);
        if (reaped == 0) {
            ::kill(pid_, SIGKILL);
            while ((reaped = ::waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
            }
        }
        pid_ = -1;
    }
    if (words_) hear();
    socket_.reset();
    return {ErrorCode::io, fmt::format("The speech enhancement worker {}. Its last words: {}",
                                       reaped > 0 ? how_it_ended(status) : "ended", last_words())};
}

Status WorkerProcess::send(worker::Kind kind, std::span<const std::byte> body, const WorkerPatience& patience) {
    if (!socket_) return fail(death());
    const Wait wait{host_now() + patience.timeout, patience};
    const worker::Head head{kind, static_cast<std::uint32_t>(body.size())};
    for (auto part : {std::as_bytes(std::span(&head, 1)), body}) {
        while (!part.empty()) {
            const auto n = ::send(socket_.get(), part.data(), part.size(), MSG_NOSIGNAL);
            if (n > 0) {
                part = part.subspan(static_cast<std::size_t>(n));
                continue;
            }
            // A worker that ended may have said why; the answer will tell.
            if (errno == EPIPE || errno == ECONNRESET) return {};
            if (errno != EAGAIN && errno != EINTR) return fail(death());
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
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) return fail(death());
        ONETAKE_TRY(wait_for(POLLIN, wait));
    }
    return {};
}

Result<worker::Kind> WorkerProcess::receive(std::vector<std::byte>& body, std::size_t limit,
                                            const WorkerPatience& patience) {
    if (!socket_) return fail(death());
    const Wait wait{host_now() + patience.timeout, patience};
    worker::Head head;
    ONETAKE_TRY(read(std::as_writable_bytes(std::span(&head, 1)), wait));
    const bool failed = head.kind == worker::Kind::failed;
    if (head.bytes > (failed ? worker::kLongestMessage : limit))
        return fail(ErrorCode::corrupt, "The speech enhancement worker's answer makes no sense.");
    body.resize(head.bytes);
    ONETAKE_TRY(read(body, wait));
    if (!failed) return head.kind;
    std::uint32_t code = 0;
    if (body.size() < sizeof code)
        return fail(ErrorCode::corrupt, "The speech enhancement worker's answer makes no sense.");
    std::memcpy(&code, body.data(), sizeof code);
    code = std::min(code, static_cast<std::uint32_t>(ErrorCode::internal));
    return fail(static_cast<ErrorCode>(code),
                std::string(reinterpret_cast<const char*>(body.data()) + sizeof code, body.size() - sizeof code));
}

}  // namespace onetake
