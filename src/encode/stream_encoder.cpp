#include "encode/stream_encoder.h"

#include <fmt/format.h>

namespace onetake {

Status StreamEncoder::encode(EncoderInput input, std::vector<Packet>& out) {
    if (finished_) return fail(ErrorCode::wrong_state, fmt::format("The {} track has ended.", to_string(params_.kind)));
    return take(std::move(input), out);
}

Status StreamEncoder::pause(std::vector<Packet>& out) {
    if (finished_) return {};
    return take_pause(out);
}

Status StreamEncoder::finish(std::vector<Packet>& out) {
    if (finished_) return {};
    finished_ = true;
    return take_end(out);
}

std::vector<std::string> StreamEncoder::notes() const {
    auto notes = notes_;
    if (const auto moved = counters().frames_moved; moved > 0)
        notes.push_back(
            fmt::format("{} frames had the same tick as the frame before and were moved a tick later.", moved));
    return notes;
}

tl::unexpected<Error> StreamEncoder::wrong_input() const {
    return fail(ErrorCode::invalid_argument,
                fmt::format("A {} track of {} does not take inputs of this type.", to_string(params_.kind), codec_));
}

}  // namespace onetake
