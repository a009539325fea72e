// onetake-enhance: runs a speech enhancement model for the library in a separate process, because a bad model may crash
// the process that loads it. Standard input is the socket to the library (worker_protocol.h); stdout and stderr are
// captured for error messages. Exits when the socket is closed.
#include "enhance/sherpa_denoiser.h"
#include "enhance/worker_protocol.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace onetake::worker {
namespace {

constexpr int kSocket = STDIN_FILENO;
constexpr int kNiceness = 10;  // lower priority than a concurrent recording
constexpr rlim_t kMaxData = rlim_t{4} << 30;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

bool read_all(void* to, std::size_t size) {
    auto* bytes = static_cast<char*>(to);
    while (size > 0) {
        const auto n = ::read(kSocket, bytes, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

bool write_all(const void* from, std::size_t size) {
    const auto* bytes = static_cast<const char*>(from);
    while (size > 0) {
        const auto n = ::send(kSocket, bytes, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

bool reply(Kind kind, const void* body, std::size_t bytes) {
    const Header header{kind, static_cast<std::uint32_t>(bytes)};
    return write_all(&header, sizeof header) && write_all(body, bytes);
}

int report(const Error& error) {
    const auto code = static_cast<std::uint32_t>(error.code);
    std::string body(sizeof code, '\0');
    std::memcpy(body.data(), &code, sizeof code);
    body += error.message.substr(0, kMaxMessageLength - sizeof code);
    reply(Kind::failed, body.data(), body.size());
    return 1;
}

bool send_ready(const SherpaLibrary& library, int sample_rate) {
    Ready ready;
    ready.sample_rate = sample_rate;
    library.version.copy(ready.library, sizeof ready.library - 1);
    return reply(Kind::ready, &ready, sizeof ready);
}

int serve(SherpaDenoiser& denoiser) {
    std::vector<float> in, out;
    Header header;
    while (read_all(&header, sizeof header)) {
        out.clear();
        Status status;
        if (header.kind == Kind::samples && header.bytes <= kMaxSamples * sizeof(float) &&
            header.bytes % sizeof(float) == 0) {
            in.resize(header.bytes / sizeof(float));
            if (!read_all(in.data(), header.bytes)) return 0;
            status = denoiser.write(in, out);
        } else if (header.kind == Kind::finish && header.bytes == 0) {
            status = denoiser.finish(out);
        } else {
            status = fail(ErrorCode::internal, "The speech enhancement worker received an unknown request.");
        }
        if (status && out.size() > kMaxReplySamples)
            status = fail(ErrorCode::corrupt, "The model returned far more samples than it received.");
        if (!status) return report(status.error());
        if (!reply(Kind::samples, out.data(), out.size() * sizeof(float))) return 0;
    }
    return 0;
}

void limit_process() {
    // Ctrl-C is sent to every process of the terminal; the take it stops still needs its audio enhanced.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_IGN);
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    if (!kSanitized) {
        const rlimit data{kMaxData, kMaxData};
        (void)::setrlimit(RLIMIT_DATA, &data);
    }
    (void)::setpriority(PRIO_PROCESS, 0, kNiceness);
}

int run(int argc, char** argv) {
    if (argc != 2 && argc != 4) {
        std::fputs("onetake-enhance is started by the onetake library and can't be used on its own.\n", stderr);
        return 2;
    }
    limit_process();
    const auto library = SherpaLibrary::load();
    if (!library) return report(library.error());
    if (argc == 2) return send_ready(*library, 0) ? 0 : 1;
    int threads = 1;
    const std::string_view count = argv[2];
    std::from_chars(count.data(), count.data() + count.size(), threads);
    auto denoiser = SherpaDenoiser::open(*library, argv[1], threads, argv[3]);
    if (!denoiser) return report(denoiser.error());
    return send_ready(*library, denoiser->sample_rate()) ? serve(*denoiser) : 1;
}

}  // namespace
}  // namespace onetake::worker

int main(int argc, char** argv) {
    return onetake::worker::run(argc, argv);
}
