#include "render/track_encoders.h"

#include "encode/image_stream_encoder.h"
#include "encode/passthrough_encoder.h"

#include <algorithm>
#include <string_view>

namespace onetake {

namespace {

constexpr std::int64_t kStreamTicks = 90000;  // per second, of copied tracks

VideoEncoderSettings encoder_settings(const RenderOptions& options, const TrackRecord& t, const JpegInfo& format,
                                      double fps) {
    VideoEncoderSettings s;
    s.codec = options.codec;
    s.preset = options.preset;
    s.crf = options.crf;
    s.width = format.width;
    s.height = format.height;
    s.fps = fps;
    s.color = t.video.color;
    if (options.pixel_range == PixelRange::limited) s.color.range = ColorRange::limited;
    return s;
}

// Only names that players support; they read the actual format from the JPEGs.
std::string_view jpeg_pixel_format(Chroma chroma) {
    const bool known = chroma == Chroma::gray || chroma == Chroma::s422 || chroma == Chroma::s444;
    return av_planar_name(known ? chroma : Chroma::s420, true);
}

StreamParams jpeg_stream(const TrackRecord& t, const JpegInfo& format, double fps) {
    StreamParams p;
    p.codec = "mjpeg";
    p.time_scale = kStreamTicks;
    p.title = t.video.name;
    p.width = format.width;
    p.height = format.height;
    p.pixel_format = jpeg_pixel_format(format.chroma);
    p.color = t.video.color;
    p.fps = fps;
    return p;
}

}  // namespace

double nominal_fps(const RenderOptions& options, const TrackRecord& t, const std::optional<TakeTotals>& totals) {
    if (options.cfr) return *options.cfr;
    if (t.video.fps > 0) return t.video.fps;
    const double s = totals ? to_seconds(totals->length) : 0;
    return s > 0 && totals->frames > 1 ? std::clamp(static_cast<double>(totals->frames) / s, 0.1, 1000.0) : kUnknownFps;
}

Result<std::unique_ptr<StreamEncoder>> jpeg_track_encoder(const RenderOptions& options, const TrackRecord& t,
                                                          const JpegInfo& format, double fps) {
    if (options.codec == "copy") return std::make_unique<PassthroughEncoder>(jpeg_stream(t, format, fps));
    return ImageStreamEncoder::open(encoder_settings(options, t, format, fps), t.video.name);
}

Result<std::unique_ptr<StreamEncoder>> encoded_track_encoder(const RenderOptions& options, const TrackRecord& t,
                                                             const PartRecord& part, double fps, bool copy) {
    if (!copy) {
        JpegInfo size;
        size.width = part.params.width;
        size.height = part.params.height;
        return ImageStreamEncoder::open(encoder_settings(options, t, size, fps), t.video.name);
    }
    auto params = part.params;
    params.time_scale = kStreamTicks;
    params.title = t.video.name;
    params.color = t.video.color;
    params.fps = fps;
    return std::make_unique<PassthroughEncoder>(params);
}

}  // namespace onetake
