#pragma once

#include "encode/stream_encoder.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Makes the packets of a data track, as a subtitle stream of codec "ass": the bytes unchanged, in ticks of 1 ns. Takes
/// CompressedFrame. Packets at equal or decreasing times are moved to the next tick.
class DataEncoder final : public StreamEncoder {
 public:
    explicit DataEncoder(std::string title);

 private:
    Status take(EncoderInput input, std::vector<Packet>& out) override;
    Status take_end(std::vector<Packet>&) override { return {}; }

    std::optional<std::int64_t> last_;
};

}  // namespace onetake
