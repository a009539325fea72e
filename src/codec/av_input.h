#pragma once

#include "media/packet.h"

#include <onetake/result.h>

struct AVCodecContext;
struct AVPacket;

namespace onetake {

/// Sets up a decoder's extradata. Errors: internal if memory ran out.
Status set_extradata(AVCodecContext& context, const StreamParams& params);

/// Copies a packet with its times, flags and the samples to skip. Errors: internal if memory ran out.
Status fill_packet(AVPacket& to, const Packet& packet);

}  // namespace onetake
