#include "encode/video_stream_encoder.h"

#include "base/error.h"

namespace onetake {

Result<std::unique_ptr<VideoStreamEncoder>> VideoStreamEncoder::open(const VideoEncoderSettings& settings,
                                                                     std::string title) {
    auto encoder = VideoEncoder::open(settings);
    if (!encoder) return fail(std::move(encoder).error());
    return std::unique_ptr<VideoStreamEncoder>(new VideoStreamEncoder(std::move(*encoder), std::move(title)));
}

VideoStreamEncoder::VideoStreamEncoder(VideoEncoder encoder, std::string title)
    : StreamEncoder(encoder.params(), encoder.name()),
      encoder_(std::move(encoder)),
      ticks_(encoder_.params().time_scale) {
    params_.title = std::move(title);
    notes_ = encoder_.notes();
}

Status VideoStreamEncoder::take(EncoderInput input, std::vector<Packet>& out) {
    if (auto* timed = std::get_if<TimedImage>(&input)) return take_image(std::move(timed->image), timed->time, out);
    return wrong_input();
}

Status VideoStreamEncoder::take_image(PlanarImage image, MediaTime time, std::vector<Packet>& out) {
    const auto tick = ticks_.place(time);
    if (!tick) return fail(tick.error());
    ONETAKE_TRY(encoder_.encode(std::move(image), tick->placed, out));
    ticks_.take(*tick);
    ++counters_.frames;
    return {};
}

Status VideoStreamEncoder::take_end(std::vector<Packet>& out) {
    return encoder_.finish(out);
}

StreamCounters VideoStreamEncoder::counters() const {
    auto counters = counters_;
    counters.frames_moved = ticks_.moved();
    return counters;
}

}  // namespace onetake
