#include "inspect/part_inspection.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace onetake {

void PartInspection::add(const PartRecord& record) {
    const auto part = parts_.try_emplace(record.number, Part{record, record.header_bytes}).first;
    part->second.record.params = {};  // not needed to read packets
}

const PartReader* PartInspection::open(const PartRecord& record) {
    if (file_ && file_->record().number == record.number) return &*file_;
    file_.reset();
    if (auto file = PartReader::open(dir_, record)) file_.emplace(std::move(*file));
    return file_ ? &*file_ : nullptr;
}

std::optional<LossCause> PartInspection::check(const FrameRecord& frame) {
    if (!frame.packet) return LossCause::damaged;
    const auto it = parts_.find(frame.packet->part);
    if (it == parts_.end()) return LossCause::missing;
    auto& [record, end] = it->second;
    const auto* file = open(record);
    if (file == nullptr) return LossCause::missing;
    if (!file->reaches(frame)) return LossCause::cut_short;
    end = std::max(end, frame.packet->offset + frame.bytes);
    if (!file->read(frame, packet_)) return LossCause::damaged;
    return std::nullopt;
}

Result<PartsBeyondJournal> PartInspection::beyond_journal() {
    PartsBeyondJournal found;
    for (const auto& [number, part] : parts_) {
        const auto* file = open(part.record);
        if (file == nullptr) continue;
        const auto tail = file->tail(part.end);
        if (!tail) return fail(tail.error());
        found.packets += tail->clusters;
        found.bytes += tail->end - part.end;
        if (tail->partial > 0) found.partial.push_back({part.record.number, tail->end, tail->partial});
    }
    const auto folder = track_path(track_, TrackStore::encoded);
    const auto fd = dir_.open_folder(folder);
    if (!fd) return found;
    Status status;
    for_each_file(fd->get(), [&](const FileEntry& file) {
        const auto number = part_number(file.name);
        if (!status || !number || parts_.contains(*number)) return;
        const auto path = folder + "/" + file.name;
        auto orphan = dir_.open_file(path, O_RDONLY);
        const auto tail = orphan ? packets_of_part(std::move(*orphan), dir_.path(path)) : fail(orphan.error());
        if (!tail) return void(status = fail(tail.error()));
        found.parts.add(*number);
        found.packets += tail->clusters;
        found.bytes += file.bytes;
    });
    if (!status) return fail(std::move(status).error());
    return found;
}

Result<PartReader::Tail> packets_of_part(UniqueFd fd, const std::string& path) {
    std::vector<std::uint8_t> begin(kLongestPartHeader);
    const auto n = ::pread(fd.get(), begin.data(), begin.size(), 0);
    if (n < 0) return fail(file_error("Can't read", path, errno));
    begin.resize(static_cast<std::size_t>(n));
    const auto header = part_header_size(begin);
    if (!header) return PartReader::Tail{};
    return PartReader(std::move(fd), path, PartRecord{}).tail(*header);
}

}  // namespace onetake
