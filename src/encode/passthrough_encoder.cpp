#include "encode/passthrough_encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace onetake {

PassthroughEncoder::PassthroughEncoder(const StreamParams& params)
    : StreamEncoder(params, params.codec), ticks_(params.time_scale) {}

Status PassthroughEncoder::take(EncoderInput input, std::vector<Packet>& out) {
    if (auto* frame = std::get_if<CompressedFrame>(&input)) return take_frame(std::move(*frame), out);
    auto* packet = std::get_if<Packet>(&input);
    if (packet == nullptr) return wrong_input();
    out.push_back(std::move(*packet));
    ++counters_.frames;
    return {};
}

Status PassthroughEncoder::take_frame(CompressedFrame frame, std::vector<Packet>& out) {
    const auto tick = ticks_.place(frame.time);
    if (!tick) return fail(tick.error());
    Packet packet;
    packet.pts = packet.dts = tick->placed;
    packet.key = frame.key;
    packet.bytes = std::move(frame.bytes);
    auto before = std::exchange(held_, std::move(packet));
    ticks_.take(*tick);
    ++counters_.frames;
    if (!before) return {};
    before->duration = tick->placed - before->pts;
    out.push_back(std::move(*before));
    return {};
}

Status PassthroughEncoder::take_end(std::vector<Packet>& out) {
    if (!held_) return {};
    const double nominal = static_cast<double>(params_.time_scale) / (params_.fps > 0 ? params_.fps : 30);
    held_->duration = std::max<std::int64_t>(1, std::llround(nominal));
    out.push_back(std::move(*held_));
    held_.reset();
    return {};
}

StreamCounters PassthroughEncoder::counters() const {
    auto counters = counters_;
    counters.frames_moved = ticks_.moved();
    return counters;
}

}  // namespace onetake
