#pragma once

#include "base/error.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "base/wake_event.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace onetake {

/// Where the markers of a running take are received: `$XDG_RUNTIME_DIR/onetake/<id>.sock`. Errors: not_found without
/// XDG_RUNTIME_DIR; invalid_argument for a path too long for a socket.
Result<std::string> marker_socket_path(const std::string& take_id);

/// Receives markers of a running take from other processes of the same user, on a thread of its own. A packet on the
/// socket (SOCK_SEQPACKET) is one marker: its stamp in decimal nanoseconds of CLOCK_MONOTONIC, a space, its text. The
/// answer is "ok", or why it is not stored. Whoever connects is checked: another user is turned away, and who sends
/// nothing for two seconds.
class MarkerSocket {
 public:
    /// Called for each marker; any number of them, by one thread.
    using Mark = std::function<Status(std::string_view text, HostTime time)>;

    /// Makes the folder, for this user only, and the socket. Errors: marker_socket_path()'s; refused for a folder that
    /// others may use; the system's.
    static Result<std::unique_ptr<MarkerSocket>> open(const std::string& take_id, Mark mark);
    MarkerSocket(const MarkerSocket&) = delete;
    MarkerSocket& operator=(const MarkerSocket&) = delete;
    /// Removes the socket, and returns after the last call of `mark`.
    ~MarkerSocket();

 private:
    MarkerSocket(std::string path, UniqueFd listening, WakeEvent stop, Mark mark);
    void run();
    std::string answer(std::string_view packet) const;

    const std::string path_;
    const UniqueFd listening_;
    const WakeEvent stop_;
    const Mark mark_;
    std::thread thread_;
};

}  // namespace onetake
