#include "take/video_part.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace onetake {

namespace {

bool read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const auto n = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return true;
}

}  // namespace

Result<PartWriter> PartWriter::create(int track_fd, int number, const StreamParams& params) {
    const auto header = part_header(params);
    if (!header) return fail(header.error());
    const auto name = part_file(number);
    ::unlinkat(track_fd, name.c_str(), 0);
    auto file = AppendFile::create(track_fd, name);
    if (!file) return fail(std::move(file).error());
    if (auto status = file->write(std::as_bytes(std::span(*header))); !status) {
        ::unlinkat(track_fd, name.c_str(), 0);
        return fail(std::move(status).error());
    }
    return PartWriter(std::move(*file));
}

Result<std::uint64_t> PartWriter::write(Duration since, bool key, std::span<const std::uint8_t> packet) {
    if (packet.size() > kLargestPacket || since < Duration{})
        return fail(ErrorCode::invalid_argument, fmt::format("A packet of {} bytes at {} s does not fit {}.",
                                                             packet.size(), to_seconds(since), file_.path()));
    const auto header = cluster_header(since, key, packet);
    cluster_.assign(header.begin(), header.end());
    cluster_.insert(cluster_.end(), packet.begin(), packet.end());
    const auto offset = file_.size() + kClusterHeaderBytes;
    ONETAKE_TRY(file_.write(std::as_bytes(std::span(cluster_))));
    return offset;
}

Result<PartReader> PartReader::open(const TakeDir& dir, const PartRecord& part) {
    const auto name = fmt::format("{}/{}", track_path(part.track, TrackStore::encoded), part_file(part.number));
    auto fd = dir.open_file(name, O_RDONLY);
    if (!fd) return fail(std::move(fd).error());
    return PartReader(std::move(*fd), dir.path(name), part);
}

Result<std::uint64_t> PartReader::size() const {
    struct stat st {};
    if (::fstat(fd_.get(), &st) != 0) return fail(file_error("Can't read", path_, errno));
    return static_cast<std::uint64_t>(st.st_size);
}

bool PartReader::reaches(const FrameRecord& frame) const {
    const auto bytes = size();
    return bytes && frame.packet && frame.bytes <= *bytes && frame.packet->offset <= *bytes - frame.bytes;
}

bool PartReader::read_cluster(std::uint64_t offset, ClusterHeaderBytes& bytes, ClusterHeader& header,
                              std::vector<std::uint8_t>& packet) const {
    if (offset < kClusterHeaderBytes || !read_at(fd_.get(), offset - kClusterHeaderBytes, bytes)) return false;
    const auto parsed = parse_cluster_header(bytes);
    const auto length = size();
    // Checked against the file's length before memory is allocated for it.
    if (!parsed || !length || *length < offset || *length - offset < parsed->size) return false;
    header = *parsed;
    packet.resize(header.size);
    return read_at(fd_.get(), offset, packet) && is_intact(bytes, header, packet);
}

Status PartReader::read(const FrameRecord& frame, std::vector<std::uint8_t>& packet) const {
    ClusterHeaderBytes bytes{};
    ClusterHeader header;
    const bool intact = frame.packet && read_cluster(frame.packet->offset, bytes, header, packet);
    if (intact && header.size == frame.bytes && header.key == frame.packet->key &&
        header.timestamp == frame.stamp.time - part_.begin)
        return {};
    return fail(ErrorCode::corrupt, fmt::format("{}: the packet of frame {} is {}.", path_, frame.number,
                                                reaches(frame) ? "damaged" : "missing: the file is too short"));
}

Result<PartReader::Tail> PartReader::tail(std::uint64_t from) const {
    Tail tail;
    tail.end = from;
    ClusterHeaderBytes bytes{};
    ClusterHeader header;
    std::vector<std::uint8_t> packet;
    while (read_cluster(tail.end + kClusterHeaderBytes, bytes, header, packet)) {
        ++tail.clusters;
        tail.end += kClusterHeaderBytes + header.size;
    }
    const auto length = size();
    if (!length) return fail(length.error());
    tail.partial = *length > tail.end ? *length - tail.end : 0;
    return tail;
}

}  // namespace onetake
