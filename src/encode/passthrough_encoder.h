#pragma once

#include "encode/frame_ticks.h"
#include "encode/stream_encoder.h"

#include <memory>
#include <optional>
#include <vector>

namespace onetake {

/// Passes compressed frames through without decoding. Takes CompressedFrame, which gets the tick nearest to its time
/// and lasts until the next one (the last: the nominal duration), or Packet, in ticks of the track's own time scale,
/// which is passed through unchanged.
class PassthroughEncoder final : public StreamEncoder {
 public:
    explicit PassthroughEncoder(const StreamParams& params);

    StreamCounters counters() const override;

 private:
    Status take(EncoderInput input, std::vector<Packet>& out) override;
    Status take_end(std::vector<Packet>& out) override;
    /// The latest frame then lasts the nominal duration, as the last one.
    Status take_pause(std::vector<Packet>& out) override { return take_end(out); }
    Status take_frame(CompressedFrame frame, std::vector<Packet>& out);

    FrameTicks ticks_;
    std::optional<Packet> held_;  ///< the latest frame: its duration is known when the next one arrives
};

}  // namespace onetake
