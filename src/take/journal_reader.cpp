#include "take/journal_reader.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kChunk = 1 << 16;
constexpr std::size_t kMaxLineLength = 1 << 20;

}  // namespace

Result<JournalReader> JournalReader::open(const std::string& take_folder) {
    auto dir = TakeDir::open(take_folder);
    if (!dir) return fail(std::move(dir).error());
    return open(*dir);
}

Result<JournalReader> JournalReader::open(const TakeDir& dir) {
    auto fd = dir.open_file(kJournalName, O_RDONLY);
    if (!fd) {
        if (fd.error().code != ErrorCode::not_found) return fail(std::move(fd).error());
        return fail(ErrorCode::not_found, fmt::format("There is no take at {} (no {}).", dir.folder(), kJournalName));
    }
    return read_from(std::move(*fd), dir.path(kJournalName));
}

Result<JournalReader> JournalReader::read_from(UniqueFd fd, std::string path) {
    JournalReader reader(std::move(fd), std::move(path));

    auto first = reader.next();
    if (!first) return fail(std::move(first).error());
    const auto* take = *first ? std::get_if<TakeRecord>(&**first) : nullptr;
    if (!*first && reader.bad_lines_ == 0)
        return fail(ErrorCode::corrupt, fmt::format("{} has no complete first line: the recording was stopped before "
                                                    "it began. If nothing else is in the folder, delete it.",
                                                    reader.path_));
    if (!take) return fail(ErrorCode::corrupt, fmt::format("{} does not start with a take record.", reader.path_));
    if (take->format < 1 || take->format > kNewestFormat)
        return fail(ErrorCode::unsupported,
                    fmt::format("{} has format {}, this program reads up to {}. Use a newer onetake.", reader.path_,
                                take->format, kNewestFormat));
    reader.take_ = *take;
    return reader;
}

Result<std::optional<std::string_view>> JournalReader::next_line() {
    std::size_t searched = at_;
    for (;;) {
        if (const auto* end =
                static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', buffer_.size() - searched))) {
            const auto length = static_cast<std::size_t>(end - (buffer_.data() + at_));
            const std::string_view line(buffer_.data() + at_, length);
            const bool too_long = skipped_ > 0;
            offset_ += std::exchange(skipped_, 0) + length + 1;
            at_ += length + 1;
            if (!too_long) return line;
            ++bad_lines_;
            searched = at_;
            continue;
        }
        buffer_.erase(0, at_);
        at_ = 0;
        if (buffer_.size() > kMaxLineLength) {
            skipped_ += buffer_.size();
            buffer_.clear();
        }
        searched = buffer_.size();
        buffer_.resize(searched + kChunk);
        ssize_t n;
        do n = ::read(fd_.get(), buffer_.data() + searched, kChunk);
        while (n < 0 && errno == EINTR);
        buffer_.resize(searched + static_cast<std::size_t>(n > 0 ? n : 0));
        if (n < 0) return fail(file_error("Can't read", path_, errno));
        if (n == 0) return std::nullopt;
    }
}

Result<std::optional<JournalRecord>> JournalReader::next() {
    for (;;) {
        auto line = next_line();
        if (!line) return fail(std::move(line).error());
        if (!*line) return std::nullopt;
        auto record = parse_line(**line);
        if (!record) {
            ++bad_lines_;
            continue;
        }
        if (*record) return std::move(*record);
    }
}

bool JournalReader::being_written() const {
    if (::flock(fd_.get(), LOCK_SH | LOCK_NB) != 0) return errno == EWOULDBLOCK;
    ::flock(fd_.get(), LOCK_UN);
    return false;
}

}  // namespace onetake
