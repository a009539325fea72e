#include "take/take_trimmer.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/falloc.h>
#include <unistd.h>
#include <utility>

namespace onetake {

namespace {

constexpr std::uint64_t kKept = 1 << 16;  // a header
constexpr std::uint64_t kStep = 1 << 20;  // freed at a time, at least

}  // namespace

Result<TakeTrimmer> TakeTrimmer::open(const std::string& take_folder) {
    auto dir = TakeDir::open(take_folder);
    if (!dir) return fail(std::move(dir).error());
    return TakeTrimmer(std::move(*dir));
}

void TakeTrimmer::remove_part(TrackId video, int number) {
    const auto folder = dir_.open_folder(track_path(video, TrackStore::encoded));
    if (folder) ::unlinkat(folder->get(), part_file(number).c_str(), 0);
}

void TakeTrimmer::free_until(TrackId track, std::uint64_t offset) {
    auto [it, is_new] = files_.try_emplace(to_string(track));
    auto& file = it->second;
    if (is_new) {
        file.freed = kKept;
        if (auto opened = dir_.open_file(track_path(track), O_RDWR)) file.fd = std::move(*opened);
    }
    if (!file.fd || offset < file.freed + kStep) return;
    if (::fallocate(file.fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(file.freed),
                    static_cast<off_t>(offset - file.freed)) == 0) {
        file.freed = offset;
        return;
    }
    notes_.push_back(file_error("Space that is not needed any more stays in use: can't free a part of",
                                dir_.path(track_path(track)), errno)
                         .message);
    file.fd.reset();
}

}  // namespace onetake
