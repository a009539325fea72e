#include "base/clock.h"
#include "base/files.h"
#include "record/marker_socket.h"
#include "take/journal_reader.h"

#include <onetake/markers.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace onetake {

namespace {

// The take of a recording in chunks lies in the folder of the chunks.
std::string recorded_folder(const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code problem;
    if (fs::exists(fs::path(folder) / kJournalName, problem)) return folder;
    for (auto it = fs::directory_iterator(folder, problem); !problem && it != fs::directory_iterator();
         it.increment(problem))
        if (is_work_take(it->path().filename().string())) return it->path().string();
    return folder;
}

}  // namespace

Status mark_take(const std::string& data_dir, const std::string& name, const std::string& text) {
    const auto now = host_now();  // before anything that takes time
    if (text.empty() || text.size() > kLongestMarker)
        return fail(ErrorCode::refused, fmt::format("A marker of {} bytes can't be stored; 1 to {} is possible.",
                                                    text.size(), kLongestMarker));
    ONETAKE_TRY(check_take_name(name));
    const auto folder = recorded_folder(take_folder(data_dir, name));
    const auto journal = JournalReader::open(folder);
    if (!journal) return fail(journal.error());
    if (!journal->being_written())
        return fail(ErrorCode::wrong_state, fmt::format("{} is not being recorded.", folder));
    const auto path = marker_socket_path(journal->take().id);
    if (!path) return fail(path.error());
    constexpr timeval kTimeout{5, 0};
    const UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path->c_str(), path->size());
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(ErrorCode::wrong_state,
                    fmt::format("{} is being recorded by a program that takes no markers: {} can't be opened ({}).",
                                folder, *path, std::strerror(errno)));
    const auto packet = fmt::format("{} {}", to_ns(now), text);
    std::array<char, 1024> answer{};
    const auto sent = ::send(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
    const auto n = sent < 0 ? sent : ::recv(fd.get(), answer.data(), answer.size(), 0);
    if (n <= 0)
        return fail(ErrorCode::io, fmt::format("The program that records {} did not answer ({}).", folder,
                                               n < 0 ? std::strerror(errno) : "it closed the connection"));
    const std::string_view said(answer.data(), static_cast<std::size_t>(n));
    return said == "ok" ? Status{} : fail(ErrorCode::refused, std::string(said));
}

}  // namespace onetake
