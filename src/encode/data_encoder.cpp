#include "encode/data_encoder.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace onetake {

namespace {

constexpr std::int64_t kTicks = 1'000'000'000;

// What a file has to say of an "ass" stream, so that programs that look at it find a complete one.
constexpr std::string_view kHeader =
    "[Script Info]\r\nScriptType: v4.00+\r\n\r\n[Events]\r\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n";

StreamParams params_of(std::string title) {
    StreamParams params;
    params.kind = TrackKind::data;
    params.codec = "ass";
    params.time_scale = kTicks;
    params.title = std::move(title);
    params.extradata.assign(kHeader.begin(), kHeader.end());
    return params;
}

}  // namespace

DataEncoder::DataEncoder(std::string title) : StreamEncoder(params_of(std::move(title)), "ass") {}

Status DataEncoder::take(EncoderInput input, std::vector<Packet>& out) {
    auto* frame = std::get_if<CompressedFrame>(&input);
    if (frame == nullptr) return wrong_input();
    Packet packet;
    packet.pts = to_ticks(frame->time.time_since_epoch(), kTicks);
    if (last_) packet.pts = std::max(packet.pts, *last_ + 1);
    last_ = packet.dts = packet.pts;
    packet.key = true;
    packet.bytes = std::move(frame->bytes);
    out.push_back(std::move(packet));
    ++counters_.frames;
    return {};
}

}  // namespace onetake
