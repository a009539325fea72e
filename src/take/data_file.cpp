#include "take/data_file.h"

#include "base/error.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace onetake {

Result<DataFileWriter> DataFileWriter::create(int take_fd, std::string path) {
    auto file = AppendFile::create(take_fd, std::move(path));
    if (!file) return fail(std::move(file).error());
    return DataFileWriter(std::move(*file));
}

Result<std::uint64_t> DataFileWriter::write(std::span<const std::uint8_t> bytes) {
    if (bytes.empty() || bytes.size() > kLargestData)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A data packet of {} bytes does not fit {}; 1 to {} is possible.", bytes.size(),
                                file_.path(), kLargestData));
    const auto offset = file_.size();
    ONETAKE_TRY(file_.write(std::as_bytes(bytes)));
    return offset;
}

Result<DataFileReader> DataFileReader::open(const TakeDir& dir, TrackId track) {
    const auto name = track_path(track);
    auto fd = dir.open_file(name, O_RDONLY);
    if (!fd) return fail(std::move(fd).error());
    return DataFileReader(std::move(*fd), dir.path(name));
}

Result<std::uint64_t> DataFileReader::size() const {
    struct stat st {};
    if (::fstat(fd_.get(), &st) != 0) return fail(file_error("Can't read", path_, errno));
    return static_cast<std::uint64_t>(st.st_size);
}

bool DataFileReader::reaches(const DataRecord& record) const {
    const auto length = size();
    return length && record.bytes <= *length && record.offset <= *length - record.bytes;
}

Status DataFileReader::read(const DataRecord& record, std::vector<std::uint8_t>& bytes) const {
    const auto corrupt = [&](const char* what) {
        return fail(ErrorCode::corrupt, fmt::format("{}: packet {} is {}.", path_, record.number, what));
    };
    // Checked against the file's length before memory is allocated for it.
    if (record.bytes > kLargestData || !reaches(record)) return corrupt("missing: the file is too short");
    bytes.resize(record.bytes);
    for (std::size_t at = 0; at < bytes.size();) {
        const auto n = ::pread(fd_.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(record.offset + at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file_error("Can't read", path_, errno));
        if (n == 0) return corrupt("missing: the file is too short");
        at += static_cast<std::size_t>(n);
    }
    if (data_crc(bytes) != record.crc) return corrupt("damaged");
    return {};
}

}  // namespace onetake
