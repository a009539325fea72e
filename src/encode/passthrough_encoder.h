#pragma once

#include "encode/frame_ticks.h"
#include "encode/stream_encoder.h"

#include <memory>
#include <optional>
#include <vector>

namespace onetake {

/// A track whose frames are compressed already: passed on, never decoded. Takes CompressedFrame, each at the nearest tick
/// of its time and as long as the time to the next one (the last: the nominal duration), or Packet, in ticks of the
/// track's own time scale and passed on as it is.
class PassthroughEncoder final : public StreamEncoder {
 public:
    explicit PassthroughEncoder(const StreamParams& params);

    StreamCounters counters() const override;

 private:
    Status take(EncoderInput input, std::vector<Packet>& out) override;
    Status take_end(std::vector<Packet>& out) override;
    Status take_frame(CompressedFrame frame, std::vector<Packet>& out);

    FrameTicks ticks_;
    std::optional<Packet> held_;  ///< the last encoded frame: its duration is known when the next one comes
};

}  // namespace onetake
