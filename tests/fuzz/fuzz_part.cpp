// A part of an encoded track: its header, its packets by a journal's records, and what follows them.

#include "fuzz/memory_file.h"
#include "take/video_part.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace onetake;
    static MemoryFile file;
    const auto header = part_header_size({data, size});
    if (header && *header > size) std::abort();
    const PartReader part(file.with({data, size}), "fuzz", PartRecord{});
    std::vector<std::uint8_t> packet;
    for (std::uint64_t at = header.value_or(0); at <= size;) {
        const auto tail = part.tail(at).value();
        if (tail.end + tail.partial != size) std::abort();
        // Each complete packet can be read by a record, and by no other.
        FrameRecord frame;
        frame.packet = PacketPlace{1, at + kClusterHeaderBytes, false};
        frame.bytes = tail.clusters == 1 ? tail.end - at - kClusterHeaderBytes : size;
        const bool read = part.read(frame, packet).has_value();
        if (read && (packet.size() != frame.bytes || !part.reaches(frame))) std::abort();
        if (tail.clusters == 0) break;
        at = tail.end;
    }
    return 0;
}
