#pragma once

#include "take/journal.h"
#include "take/take_dir.h"

#include <onetake/take_reader.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace onetake {

/// Where the packets of an encoded track are. Const calls from any number of threads at once.
class StoredPackets {
 public:
    explicit StoredPackets(ColorInfo color) : color_(color) {}

    /// Adds the journal's next part or frame.
    void add(const PartRecord& part) { parts_.try_emplace(part.number, part); }
    void add(const FrameRecord& frame);

    /// Decodes the track's frame `index`, from the keyframe before it on. Errors: corrupt; those of the part's file.
    Result<Image> image(const TakeDir& dir, std::size_t index, ImageFormat format) const;

 private:
    struct Packet {
        HostTime time;
        std::uint64_t bytes = 0;
        PacketPlace place;
    };
    FrameRecord record(std::size_t index) const;

    ColorInfo color_;
    std::map<int, PartRecord> parts_;  // by number
    std::vector<Packet> packets_;
};

}  // namespace onetake
