#include "codec/video_encoder.h"

#include "base/error.h"
#include "codec/av_error.h"
#include "codec/av_log.h"
#include "codec/encoder_table.h"
#include "codec/encoder_threads.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

namespace onetake {

namespace {

bool offers(const AVCodec* codec, AVPixelFormat wanted) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
    const void* list = nullptr;
    avcodec_get_supported_config(nullptr, codec, AV_CODEC_CONFIG_PIX_FORMAT, 0, &list, nullptr);
    const auto* formats = static_cast<const AVPixelFormat*>(list);
#else
    const auto* formats = codec->pix_fmts;
#endif
    if (formats == nullptr) return true;
    for (; *formats != AV_PIX_FMT_NONE; ++formats)
        if (*formats == wanted) return true;
    return false;
}

// What USB cameras declare: sRGB's primaries, BT.709's transfer curve, and JPEG's matrix.
void set_color(AVCodecContext* context, ColorInfo color) {
    context->color_range = color.range == ColorRange::full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    context->colorspace = color.matrix == ColorMatrix::bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    context->color_primaries = AVCOL_PRI_BT709;
    context->color_trc = AVCOL_TRC_BT709;
    context->chroma_sample_location = AVCHROMA_LOC_CENTER;  // as in JPEG
}

class Options {
 public:
    ~Options() { av_dict_free(&dictionary_); }
    Options() = default;
    Options(Options&&) = delete;
    Options& operator=(Options&&) = delete;
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;
    void set(const std::string& key, const std::string& value) {
        av_dict_set(&dictionary_, key.c_str(), value.c_str(), 0);
    }
    AVDictionary** get() { return &dictionary_; }
    std::string first_unused() const {
        const auto* entry = av_dict_get(dictionary_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
        return entry != nullptr ? entry->key : "";
    }

 private:
    AVDictionary* dictionary_ = nullptr;
};

void set_quality(const EncoderTraits& traits, const VideoEncoderSettings& settings, AVCodecContext* context,
                 Options& options) {
    using Quality = EncoderTraits::Quality;
    if (std::ranges::find(traits.presets, settings.preset) != traits.presets.end()) {
        const bool own = traits.other_preset.empty() || settings.preset.size() == 2;  // p1 to p7
        options.set("preset", own ? settings.preset : std::string(traits.other_preset));
    }
    const bool by_rate = settings.bit_rate > 0;
    if (by_rate) context->bit_rate = settings.bit_rate;
    const auto crf = std::to_string(settings.crf);
    switch (traits.quality) {
        case Quality::none:
            break;
        case Quality::crf:
            if (!by_rate) options.set("crf", crf);
            break;
        case Quality::cq:
            options.set("rc", "vbr");
            if (by_rate) break;
            context->bit_rate = 0;
            options.set("cq", crf);
            break;
        case Quality::qp:
            if (!by_rate) options.set("qp", crf);
            break;
        case Quality::qscale:  // the constant quantizer that looks about the same
            if (by_rate) break;
            context->flags |= AV_CODEC_FLAG_QSCALE;
            context->global_quality = FF_QP2LAMBDA * std::clamp((settings.crf - 3) / 5, 1, 31);
            break;
    }
}

// Checked here, because x264 and x265 report a wrong one on stderr themselves.
Status check_preset(const EncoderTraits& traits, const std::string& preset) {
    if (preset.empty() || traits.presets.empty()) return {};
    if (std::ranges::find(traits.presets, preset) != traits.presets.end()) return {};
    return fail(ErrorCode::invalid_argument, fmt::format("The encoder {} has no preset \"{}\"; it has {}.", traits.name,
                                                         preset, fmt::join(traits.presets, ", ")));
}

void free_image(void* opaque, std::uint8_t*) {
    delete static_cast<PlanarImage*>(opaque);
}

}  // namespace

VideoEncoder::VideoEncoder(VideoEncoderSettings settings)
    : settings_(std::move(settings)), pool_(BufferPool::create(2)), packet_(av_packet_alloc()) {}
VideoEncoder::VideoEncoder(VideoEncoder&&) noexcept = default;
VideoEncoder& VideoEncoder::operator=(VideoEncoder&&) noexcept = default;
VideoEncoder::~VideoEncoder() = default;

Result<VideoEncoder> VideoEncoder::open(VideoEncoderSettings settings) {
    route_av_log();
    if (settings.width <= 0 || settings.height <= 0 || settings.time_scale < 0 || settings.time_scale > INT32_MAX ||
        !std::isfinite(settings.fps) || settings.fps < 0)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("Video of {}x{} at {} fps with a time base of 1/{} s can't be encoded.", settings.width,
                                settings.height, settings.fps, settings.time_scale));
    const auto& layout = layout_of(settings.pixel_format);
    if (layout.chroma != Chroma::gray && layout.planes != 3)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A video encoder takes planar or gray frames, not {}.", layout.name));
    VideoEncoder encoder(std::move(settings));
    if (encoder.settings_.codec != "auto") {
        ONETAKE_TRY(encoder.open_named(encoder.settings_.codec));
        return encoder;
    }
    if (encoder.settings_.try_hardware) {
        auto opened = encoder.open_named("h264_nvenc");
        if (opened) return encoder;
        encoder.notes_.emplace_back(kNvencFallback);
    }
    ONETAKE_TRY(encoder.open_named("libx264"));
    return encoder;
}

Status VideoEncoder::open_named(const std::string& name) {
    const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
    if (codec == nullptr || codec->type != AVMEDIA_TYPE_VIDEO)
        return fail(ErrorCode::missing_part,
                    fmt::format("This machine's libavcodec has no video encoder \"{}\". Choose another codec, or "
                                "install a libavcodec that has it (Debian: libavcodec-extra).",
                                name));
    const auto& traits = encoder_traits(name);
    ONETAKE_TRY(check_preset(traits, settings_.preset));
    const auto& layout = layout_of(settings_.pixel_format);
    const AVPixelFormat pixels = av_get_pix_fmt(std::string(layout.av_name).c_str());
    const bool fits = traits.uploads ? settings_.pixel_format == PixelFormat::i420 : offers(codec, pixels);
    if (!fits)
        return fail(ErrorCode::unsupported,
                    fmt::format("The encoder {} does not take {} frames from system memory. Choose another codec.",
                                name, layout.av_name));

    const bool must_be_even = layout.chroma == Chroma::s420;
    const int width = must_be_even ? (settings_.width + 1) / 2 * 2 : settings_.width;
    const int height = must_be_even ? (settings_.height + 1) / 2 * 2 : settings_.height;
    std::unique_ptr<AVCodecContext, AvFree> context(avcodec_alloc_context3(codec));
    context->width = width;
    context->height = height;
    if (settings_.time_scale == 0) settings_.time_scale = traits.time_scale;
    context->time_base = {1, static_cast<int>(settings_.time_scale)};
    if (settings_.fps > 0) context->framerate = av_d2q(settings_.fps, 100000);
    context->pix_fmt = pixels;
    context->sample_aspect_ratio = {1, 1};
    context->thread_count = settings_.threads > 0 ? settings_.threads : rendering_threads(machine_cores());
    context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (settings_.keyframe_interval > 0) context->gop_size = settings_.keyframe_interval;
    set_color(context.get(), settings_.color);

    std::optional<VaapiUpload> upload;
    if (traits.uploads) {
        auto opened = VaapiUpload::open(*context);
        if (!opened) return fail(std::move(opened).error());
        upload.emplace(std::move(*opened));
    }
    Options options;
    set_quality(traits, settings_, context.get(), options);
    if (name == "libx265") options.set("x265-params", "log-level=none");  // it logs to stderr itself
    for (const auto& [key, value] : settings_.options) options.set(key, value);
    const AvErrorLines lines;
    if (const int error = avcodec_open2(context.get(), codec, options.get()); error < 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("The encoder {} does not open here: {}. Choose another codec, or check its preset, "
                                "options and hardware.",
                                name, lines.text_or(av_text(error))));
    if (const auto unused = options.first_unused(); !unused.empty())
        return fail(ErrorCode::invalid_argument, fmt::format("The encoder {} has no option \"{}\".", name, unused));

    name_ = name;
    reorders_ = context->has_b_frames > 0;
    params_.kind = TrackKind::video;
    params_.codec = avcodec_get_name(codec->id);
    params_.time_scale = settings_.time_scale;
    params_.extradata.assign(context->extradata, context->extradata + context->extradata_size);
    params_.bit_rate = context->bit_rate;
    params_.width = width;
    params_.height = height;
    params_.pixel_format = av_get_pix_fmt_name(upload ? AV_PIX_FMT_NV12 : context->pix_fmt);
    params_.color = settings_.color;
    params_.fps = settings_.fps;
    params_.profile = context->profile;
    params_.level = context->level;
    if (width != settings_.width || height != settings_.height)
        notes_.push_back(fmt::format("Frames of {}x{} were padded to {}x{}, because {} needs even sizes.",
                                     settings_.width, settings_.height, width, height, name));
    upload_ = std::move(upload);
    context_ = std::move(context);
    return {};
}

Result<PlanarImage> VideoEncoder::converted(PlanarImage image) const {
    const auto& layout = layout_of(settings_.pixel_format);
    const bool fits = image.chroma == layout.chroma && image.bytes_per_sample == layout.bytes_per_sample;
    if (!fits && settings_.pixel_format != PixelFormat::i420)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A {} frame with {} bytes per sample does not fit a video of {}.",
                                av_planar_name(image.chroma), image.bytes_per_sample, layout.av_name));
    const bool has_8_bits = !fits || image.bytes_per_sample == 1;
    const bool other_range = has_8_bits && image.color.range != settings_.color.range;
    if (image.bytes.writable() == nullptr) {
        if (fits && !other_range) return image;  // of even size, as all images with a frame's bytes
        image = copied(image, *pool_);
    }
    if (!fits) image = to_420(std::move(image), *pool_);
    if (other_range) image = to_range(std::move(image), settings_.color.range);
    if (image.chroma == Chroma::s420) pad_to_even(image);
    return image;
}

// The image as the encoder takes it: its own bytes, or their copy on a device.
Result<std::unique_ptr<AVFrame, AvFree>> VideoEncoder::frame_of(PlanarImage image) {
    std::unique_ptr<AVFrame, AvFree> frame;
    if (upload_) {
        auto uploaded = upload_->upload(image);
        if (!uploaded) return uploaded;
        frame = std::move(*uploaded);
    } else {
        frame.reset(av_frame_alloc());
        auto ready = std::make_unique<PlanarImage>(std::move(image));
        frame->format = context_->pix_fmt;
        frame->width = context_->width;
        frame->height = context_->height;
        for (int i = 0; i < ready->planes(); ++i) {
            frame->data[i] = const_cast<std::uint8_t*>(ready->plane(i));  // which the encoder only reads
            frame->linesize[i] = ready->stride[static_cast<std::size_t>(i)];
        }
        frame->buf[0] = av_buffer_create(const_cast<std::uint8_t*>(ready->bytes.data()), ready->bytes.size(),
                                         free_image, ready.get(), AV_BUFFER_FLAG_READONLY);
        if (frame->buf[0] == nullptr) return fail(ErrorCode::internal, "Out of memory while encoding video.");
        static_cast<void>(ready.release());  // owned by the frame's buffer now
    }
    frame->color_range = context_->color_range;
    frame->colorspace = context_->colorspace;
    frame->color_primaries = context_->color_primaries;
    frame->color_trc = context_->color_trc;
    frame->chroma_location = context_->chroma_sample_location;
    return frame;
}

Status VideoEncoder::encode(PlanarImage image, std::int64_t pts, std::vector<Packet>& out, bool key) {
    if (finished_) return fail(ErrorCode::wrong_state, "The video encoder is finished and takes no more frames.");
    if (image.width != settings_.width || image.height != settings_.height)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A frame of {}x{} does not fit a video of {}x{}.", image.width, image.height,
                                settings_.width, settings_.height));
    if (!sent_.empty() && pts <= sent_.back().pts)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A frame's stamp {} is not later than the one before, {}.", pts, sent_.back().pts));
    auto planes = converted(std::move(image));
    if (!planes) return fail(std::move(planes).error());
    auto frame = frame_of(std::move(*planes));
    if (!frame) return fail(std::move(frame).error());
    (*frame)->pts = pts;
    (*frame)->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;

    const AvErrorLines lines;
    const int error = avcodec_send_frame(context_.get(), frame->get());
    if (error < 0)
        return fail(ErrorCode::internal,
                    fmt::format("The encoder {} failed: {}.", name_, lines.text_or(av_text(error))));
    sent_.push_back({pts, false});
    ONETAKE_TRY(drain(out));
    return {};
}

Status VideoEncoder::finish(std::vector<Packet>& out) {
    if (finished_) return {};
    finished_ = true;
    const AvErrorLines lines;
    // Without any frame there is nothing to flush, and some encoders fail if flushed.
    if (!sent_.empty()) {
        if (const int error = avcodec_send_frame(context_.get(), nullptr); error < 0)
            return fail(ErrorCode::internal,
                        fmt::format("The encoder {} failed at the end: {}.", name_, lines.text_or(av_text(error))));
        ONETAKE_TRY(drain(out));
    }
    release(out, true);
    return {};
}

Status VideoEncoder::drain(std::vector<Packet>& out) {
    const AvErrorLines lines;
    for (;;) {
        const int error = avcodec_receive_packet(context_.get(), packet_.get());
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) break;
        if (error < 0)
            return fail(ErrorCode::internal,
                        fmt::format("The encoder {} failed: {}.", name_, lines.text_or(av_text(error))));
        const AVPacket* from = packet_.get();
        Packet packet;
        packet.pts = from->pts;
        packet.dts = from->dts == AV_NOPTS_VALUE ? from->pts : from->dts;
        packet.key = (from->flags & AV_PKT_FLAG_KEY) != 0;
        packet.bytes.assign(from->data, from->data + from->size);
        av_packet_unref(packet_.get());
        held_.push_back(std::move(packet));
    }
    release(out, false);
    return {};
}

// Sets each packet's duration to the time until the next stamp; packets without a next stamp are held.
void VideoEncoder::release(std::vector<Packet>& out, bool last) {
    const double nominal = static_cast<double>(settings_.time_scale) / (settings_.fps > 0 ? settings_.fps : 30.0);
    while (!held_.empty()) {
        Packet& packet = held_.front();
        if (!settings_.packet_durations) {
            sent_.erase(sent_.begin(), std::prev(sent_.end()));
            out.push_back(std::move(packet));
            held_.pop_front();
            continue;
        }
        const auto at = std::lower_bound(sent_.begin(), sent_.end(), packet.pts,
                                         [](const SentFrame& sent, std::int64_t pts) { return sent.pts < pts; });
        if (at != sent_.end()) {
            const auto next = std::next(at);
            if (next == sent_.end() && !last) return;
            packet.duration =
                next != sent_.end() ? next->pts - at->pts : std::max<std::int64_t>(1, std::llround(nominal));
            at->timed = true;
        }
        out.push_back(std::move(packet));
        held_.pop_front();
        while (sent_.size() > 1 && sent_.front().timed) sent_.pop_front();
    }
}

}  // namespace onetake
