#include "media/data_packet.h"

#include <zlib.h>

namespace onetake {

std::uint32_t data_crc(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint32_t>(::crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

}  // namespace onetake
