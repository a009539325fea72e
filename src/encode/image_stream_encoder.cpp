#include "encode/image_stream_encoder.h"

#include "base/error.h"
#include "codec/frame_converter.h"

namespace onetake {

Result<std::unique_ptr<ImageStreamEncoder>> ImageStreamEncoder::open(const VideoEncoderSettings& settings,
                                                                     std::string title) {
    auto encoder = VideoEncoder::open(settings);
    if (!encoder) return fail(std::move(encoder).error());
    return std::unique_ptr<ImageStreamEncoder>(new ImageStreamEncoder(std::move(*encoder), std::move(title)));
}

Result<std::unique_ptr<ImageStreamEncoder>> ImageStreamEncoder::open_live(VideoEncoderSettings settings,
                                                                          EncoderThreadBudget& budget,
                                                                          std::string title) {
    auto share = budget.allocate(settings.threads > 0 ? settings.threads : rendering_threads(machine_cores()));
    settings.threads = share.threads();
    auto encoder = open(settings, std::move(title));
    if (encoder) (*encoder)->share_ = std::move(share);
    return encoder;
}

ImageStreamEncoder::ImageStreamEncoder(VideoEncoder encoder, std::string title)
    : StreamEncoder(encoder.params(), encoder.name()),
      encoder_(std::move(encoder)),
      pool_(BufferPool::create(2)),
      ticks_(encoder_.params().time_scale) {
    params_.title = std::move(title);
    notes_ = encoder_.notes();
}

Status ImageStreamEncoder::take(EncoderInput input, std::vector<Packet>& out) {
    if (auto* timed = std::get_if<TimedImage>(&input)) return take_image(std::move(*timed), out);
    if (auto* timed = std::get_if<TimedFrame>(&input)) {
        auto image = take_planar(std::move(timed->frame), encoder_.settings().color, *pool_);
        if (!image) return fail(std::move(image).error());
        return take_image({std::move(*image), timed->time}, out);
    }
    return wrong_input();
}

Status ImageStreamEncoder::take_image(TimedImage timed, std::vector<Packet>& out) {
    const auto tick = ticks_.place(timed.time);
    if (!tick) return fail(tick.error());
    ONETAKE_TRY(encoder_.encode(std::move(timed.image), tick->placed, out, timed.key));
    ticks_.take(*tick);
    ++counters_.frames;
    return {};
}

Status ImageStreamEncoder::take_end(std::vector<Packet>& out) {
    return encoder_.finish(out);
}

StreamCounters ImageStreamEncoder::counters() const {
    auto counters = counters_;
    counters.frames_moved = ticks_.moved();
    return counters;
}

}  // namespace onetake
