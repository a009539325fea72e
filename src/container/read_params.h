#pragma once

#include "media/packet.h"

struct AVPacket;
struct AVStream;

namespace onetake {

/// What libavformat read about a stream. Streams that are neither video nor audio, and cover pictures, are of kind
/// data.
StreamParams params_of(const AVStream& stream);

/// A copy of a packet of that stream, its times in 1/`time_scale` s; Packet::kNoTime where it has none.
Packet packet_of(const AVPacket& packet, const AVStream& stream, std::int64_t time_scale);

}  // namespace onetake
