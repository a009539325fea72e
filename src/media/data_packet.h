#pragma once

#include "base/time.h"
#include "media/frame.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace onetake {

/// Most bytes of a data packet.
inline constexpr std::size_t kLargestData = std::size_t{16} << 20;

/// Opaque bytes with their time: one packet of a data track.
struct DataPacket {
    std::vector<std::uint8_t> bytes;  ///< 1 to kLargestData
    HostTime time, arrival;
    StampSource source = StampSource::pushed;
};

/// CRC-32 of a packet's bytes, as in the journal.
std::uint32_t data_crc(std::span<const std::uint8_t> bytes);

}  // namespace onetake
