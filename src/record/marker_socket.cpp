#include "record/marker_socket.h"

#include "base/clock.h"
#include "base/files.h"

#include <onetake/markers.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace onetake {

namespace {

constexpr std::size_t kMostClients = 16;
constexpr Duration kSilence = std::chrono::seconds(2);       // of a client, before it is turned away
constexpr std::size_t kLongestPacket = kLongestMarker + 32;  // with the stamp

struct Client {
    UniqueFd fd;
    HostTime last;
};

bool is_own_user(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

// The folder of the sockets: of this user, and closed to all others.
Status make_private_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(file_error("Can't create", path, errno));
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0) return fail(file_error("Can't open the folder", path, errno));
    if (st.st_uid != ::geteuid() || (st.st_mode & 077) != 0)
        return fail(
            ErrorCode::refused,
            fmt::format("{} belongs to another user or is open to others; remove it or set its mode to 0700.", path));
    return {};
}

}  // namespace

Result<std::string> marker_socket_path(const std::string& take_id) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime == nullptr || runtime[0] != '/')
        return fail(ErrorCode::not_found, "XDG_RUNTIME_DIR is not set, so there is no place for the marker socket.");
    auto path = fmt::format("{}/onetake/{}.sock", runtime, take_id);
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return fail(ErrorCode::invalid_argument, fmt::format("{} is too long for the path of a socket.", path));
    return path;
}

Result<std::unique_ptr<MarkerSocket>> MarkerSocket::open(const std::string& take_id, Mark mark) {
    auto path = marker_socket_path(take_id);
    if (!path) return fail(std::move(path).error());
    ONETAKE_TRY(make_private_folder(path->substr(0, path->rfind('/'))));
    UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    auto stop = WakeEvent::create();
    if (!stop) return fail(std::move(stop).error());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path->c_str(), path->size());
    // The mode is set before the socket has a name: nobody else can connect at any time.
    if (!fd || ::fchmod(fd.get(), 0600) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(file_error("Can't create the socket", *path, errno));
    if (::listen(fd.get(), kMostClients) != 0) {
        const int error = errno;
        ::unlink(path->c_str());
        return fail(file_error("Can't listen on", *path, error));
    }
    std::unique_ptr<MarkerSocket> socket(
        new MarkerSocket(std::move(*path), std::move(fd), std::move(*stop), std::move(mark)));
    socket->thread_ = std::thread([s = socket.get()] { s->run(); });
    return socket;
}

MarkerSocket::MarkerSocket(std::string path, UniqueFd listening, WakeEvent stop, Mark mark)
    : path_(std::move(path)), listening_(std::move(listening)), stop_(std::move(stop)), mark_(std::move(mark)) {}

MarkerSocket::~MarkerSocket() {
    stop_.wake();
    thread_.join();
    ::unlink(path_.c_str());
}

std::string MarkerSocket::answer(std::string_view packet) const {
    std::int64_t ns = 0;
    const auto [end, error] = std::from_chars(packet.data(), packet.data() + packet.size(), ns);
    const auto at = static_cast<std::size_t>(end - packet.data());
    if (error != std::errc{} || at >= packet.size() || packet[at] != ' ' || HostTime(Duration(ns)) < HostTime{} ||
        HostTime(Duration(ns)) > host_now() + std::chrono::hours(24))
        return "The packet is no marker.";
    const auto marked = mark_(packet.substr(at + 1), host_time_from_ns(ns));
    return marked ? "ok" : marked.error().message;
}

void MarkerSocket::run() {
    std::vector<Client> clients;
    std::vector<pollfd> fds;
    std::vector<char> packet(kLongestPacket);
    for (;;) {
        fds.assign({{stop_.fd(), POLLIN, 0}, {listening_.get(), POLLIN, 0}});
        for (const auto& client : clients) fds.push_back({client.fd.get(), POLLIN, 0});
        const auto timeout = clients.empty() ? -1 : static_cast<int>(kSilence / std::chrono::milliseconds(1));
        if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) return;
        if (fds[0].revents != 0) return;
        const auto now = host_now();
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (fds[i + 2].revents == 0) continue;
            auto& client = clients[i];
            const auto n = ::recv(client.fd.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_TRUNC);
            if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (n <= 0) {
                client.fd = {};
                continue;
            }
            const auto size = static_cast<std::size_t>(n);
            const auto text = size > packet.size() ? fmt::format("A marker has at most {} bytes.", kLongestMarker)
                                                   : answer({packet.data(), size});
            (void)!::send(client.fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            client.last = now;
        }
        std::erase_if(clients, [&](const Client& c) { return !c.fd || now - c.last > kSilence; });
        if (fds[1].revents == 0) continue;
        UniqueFd accepted(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (accepted && clients.size() < kMostClients && is_own_user(accepted.get()))
            clients.push_back({std::move(accepted), now});
    }
}

}  // namespace onetake
