#include "sink/track_encoder.h"

#include "base/clock.h"
#include "base/plural.h"
#include "codec/encoder_table.h"
#include "codec/frame_converter.h"
#include "codec/jpeg_decoder.h"
#include "codec/planar_scale.h"
#include "encode/frame_ticks.h"
#include "encode/image_stream_encoder.h"
#include "media/decoder_config.h"
#include "media/matroska_part.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <utility>

namespace onetake {

namespace {

constexpr int kProbeWidth = 640, kProbeHeight = 360;
constexpr int kMostFailures = 2;  // of a track's encoders
constexpr std::size_t kIdleImages = 8;

Result<OpenedEncoder> open_libavcodec(const VideoEncoderSettings& settings) {
    auto encoder = ImageStreamEncoder::open_live(settings);
    if (!encoder) return fail(std::move(encoder).error());
    if ((*encoder)->reorders())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The options of {} ask for B-frames; frames that are encoded while recording keep "
                                "their order. Leave B-frames out.",
                                settings.codec));
    const int threads = (*encoder)->threads();
    return OpenedEncoder{std::move(*encoder), threads};
}

// The layout in which a codec keeps all of an image.
PixelFormat layout_for(const std::string& codec, const PlanarImage& image, ColorRange range) {
    if (!encoder_traits(codec).keeps_layout) return PixelFormat::i420;
    if (image.chroma == Chroma::gray && image.bytes_per_sample == 2) return PixelFormat::gray16;
    // Players take gray for full range, whatever the stream says.
    if (image.chroma == Chroma::gray) return range == ColorRange::full ? PixelFormat::gray8 : PixelFormat::i420;
    if (image.chroma == Chroma::s422) return PixelFormat::i422;
    return image.chroma == Chroma::s444 ? PixelFormat::i444 : PixelFormat::i420;
}

}  // namespace

/// The encoder of the thread: one after the other, a part each. Hands each packet on itself, with its frame's number
/// and part, so it has no output of its own. Thread-bound, except request_key().
class TrackEncoder::Parts final : public StreamEncoder {
 public:
    explicit Parts(TrackEncoder& track)
        : StreamEncoder({}, track.codec()),
          track_(track),
          options_(track.options_),
          images_(BufferPool::create(kIdleImages)),
          first_encoder_(std::exchange(track.first_encoder_, std::nullopt)) {}

    void request_key() { key_requested_ = true; }
    double encode_ms_mean() const {
        return timed_ > 0 ? to_seconds(time_) * 1e3 / static_cast<double>(timed_)
                          : std::numeric_limits<double>::quiet_NaN();
    }

 private:
    struct Entry {
        std::uint64_t number = 0;
        FrameStamp stamp;
        std::int64_t pts = 0;  // ticks since encoder_begin_
        std::shared_ptr<const PartRecord> part = {};
    };
    struct Shape {
        int width = 0, height = 0;
        PixelFormat format = PixelFormat::i420;
        bool operator==(const Shape&) const = default;
    };

    Status take(EncoderInput input, std::vector<Packet>&) override {
        auto* timed = std::get_if<TimedFrame>(&input);
        if (timed == nullptr) return wrong_input();
        const Entry entry{next_number_++, timed->frame.stamp};
        const auto begin = host_now();
        if (failures_ >= kMostFailures) return lose(entry, "its encoder failed twice"), Status{};
        auto image = planes(std::move(timed->frame));
        if (image)
            encode(entry, std::move(*image));
        else
            lose(entry, image.error().message);
        time_ += host_now() - begin;
        ++timed_;
        return {};
    }

    Status take_end(std::vector<Packet>&) override {
        end_part();
        return {};
    }

    Status take_pause(std::vector<Packet>&) override {
        end_part();
        EncodedFrame end;
        end.track = options_.index;
        end.number = next_number_++;
        end.ends_track = true;
        options_.done(std::move(end));
        return {};
    }

    // The frame's bytes go back to their pool, unless the image has them.
    Result<PlanarImage> planes(Frame frame) {
        if (frame.format != PixelFormat::jpeg) return take_planar(std::move(frame), options_.color, *images_);
        if (!decoder_) {
            auto decoder = JpegDecoder::create();
            if (!decoder) return fail(std::move(decoder).error());
            decoder_.emplace(std::move(*decoder));
        }
        return decoder_->decode(frame.bytes.span(), *images_, frame.color.matrix);
    }

    void encode(Entry entry, PlanarImage image) {
        const auto stamp = entry.stamp.time;
        if (last_stamp_ && stamp < *last_stamp_) return lose(entry, "its stamp is before that of the frame before");
        if (options_.video.keep_size && (shape_.width != 0 || track_.stream_))
            image = scaled_to_first(std::move(image));
        const auto own_layout = layout_for(codec(), image, options_.color.range);
        const Shape shape{image.width, image.height, options_.video.pixel_format.value_or(own_layout)};
        const auto chunk = options_.chunks ? options_.chunks->chunk_at(stamp) : 0;
        if (encoder_ && shape != shape_) end_part();
        if (!encoder_) {
            if (auto begun = begin_part(shape, stamp); !begun) {
                lose(entry, begun.error().message);
                return failed(begun.error());
            }
        } else if (chunk != chunk_) {
            begin_chunk(stamp);
        }
        chunk_ = chunk;
        const MediaTime time(stamp - encoder_begin_);
        const auto tick = ticks_->place(time);
        if (!tick) return lose(entry, tick.error().message);
        entry.pts = tick->placed;
        entry.part = part_;
        const bool key = key_is_due(stamp);
        pending_.push_back(entry);
        const auto status = encoder_->encode(TimedImage{std::move(image), time, key}, packets_);
        emit();
        if (!status) return failed(status.error());
        ticks_->take(*tick);
        if (key) last_key_ = stamp;
        last_stamp_ = stamp;
    }

    PlanarImage scaled_to_first(PlanarImage image) {
        const int width = shape_.width != 0 ? shape_.width : options_.width;
        const int height = shape_.width != 0 ? shape_.height : options_.height;
        const bool fits = image.width == width && image.height == height;
        if (!fits && !std::exchange(scaling_reported_, true))
            options_.report(EventKind::note, fmt::format("Frames of {}x{} are scaled to {}x{}, the size of the first.",
                                                         image.width, image.height, width, height));
        return scale_to_fit(std::move(image), width, height, *images_);
    }

    // A keyframe must not wait for the frame after the last that is early enough.
    bool key_is_due(HostTime stamp) {
        if (key_requested_.exchange(false) || !last_key_) return true;
        const auto interval = last_stamp_ ? stamp - *last_stamp_ : Duration{};
        return stamp + interval + interval / 2 - *last_key_ > duration_from_seconds(options_.video.keyframe_s);
    }

    // The encoder runs on; the part has the same parameters as the one before.
    void begin_chunk(HostTime begin) {
        PartRecord part = *part_;
        part.begin = begin;
        part_ = std::make_shared<const PartRecord>(std::move(part));
        last_key_.reset();
    }

    Result<OpenedEncoder> open(const Shape& shape) {
        if (first_encoder_) return *std::exchange(first_encoder_, std::nullopt);
        auto settings = live_encoder_settings(options_.video, shape.width, shape.height, shape.format,
                                              rendering_threads(machine_cores()));
        settings.color = options_.color;
        return options_.open(settings);
    }

    Status begin_part(const Shape& shape, HostTime begin) {
        if (shape.width != options_.width || shape.height != options_.height) first_encoder_.reset();
        auto opened = open(shape);
        if (!opened) return fail(std::move(opened).error());
        PartRecord part;
        part.track = options_.id;
        part.begin = begin;
        part.params = opened->encoder->params();
        part.encoder = codec();
        part.threads = opened->threads;
        part.loss_bound_s = track_.loss_bound_s();
        is_byte_stream_ = is_byte_stream(part.params.codec, part.params.extradata);
        auto config = decoder_config(part.params.codec, part.params.extradata);
        if (!config) return fail(std::move(config).error());
        part.params.extradata = std::move(*config);
        encoder_ = std::move(opened->encoder);
        for (auto& text : encoder_->notes()) options_.report(EventKind::note, std::move(text));
        if (shape_.width != 0 && shape_ != shape)
            options_.report(EventKind::note, fmt::format("The frames changed from {}x{} to {}x{}: a new part begins.",
                                                         shape_.width, shape_.height, shape.width, shape.height));
        part_ = std::make_shared<const PartRecord>(std::move(part));
        encoder_begin_ = begin;
        ticks_.emplace(part_->params.time_scale);
        shape_ = shape;
        last_key_.reset();
        return {};
    }

    void end_part() {
        if (!encoder_) return;
        const auto status = encoder_->finish(packets_);
        emit();
        if (!status) return failed(status.error());
        lose_pending("its encoder made no packet of it");
        encoder_.reset();
    }

    void failed(const Error& error) {
        if (failures_++ == 0 && options_.on_encoder_error) options_.on_encoder_error(error);
        const auto held = lose_pending(error.message);
        encoder_.reset();
        options_.report(
            EventKind::fallback,
            fmt::format("The encoder of {} failed and lost {}; {}. {}", to_string(options_.id), counted(held, "frame"),
                        failures_ < kMostFailures ? "it is opened again" : "the track ends", error.message));
    }

    // Packets are in the order of frames, for there are no B-frames.
    void emit() {
        for (auto& packet : packets_) {
            while (!pending_.empty() && pending_.front().pts < packet.pts) {
                lose(pending_.front(), "its encoder made no packet of it");
                pending_.pop_front();
            }
            if (pending_.empty() || pending_.front().pts != packet.pts) continue;
            const auto entry = pending_.front();
            pending_.pop_front();
            options_.done({options_.index,
                           entry.number,
                           entry.stamp,
                           Buffer(is_byte_stream_ ? with_lengths(packet.bytes) : std::move(packet.bytes)),
                           {},
                           entry.part,
                           packet.key});
        }
        packets_.clear();
    }

    std::uint64_t lose_pending(const std::string& why) {
        const auto count = pending_.size();
        for (const auto& entry : std::exchange(pending_, {})) lose(entry, why);
        return count;
    }

    void lose(const Entry& entry, std::string why) {
        options_.done({options_.index, entry.number, entry.stamp, {}, std::move(why), {}, false});
    }

    const TrackEncoder& track_;
    const TrackEncoderOptions& options_;
    std::shared_ptr<BufferPool> images_;
    std::optional<JpegDecoder> decoder_;
    std::optional<OpenedEncoder> first_encoder_;
    std::unique_ptr<StreamEncoder> encoder_;  // of the current part; null before the first and after a failure
    HostTime encoder_begin_;                  // time 0 of encoder_
    std::int64_t chunk_ = 0;                  // of the last frame
    std::shared_ptr<const PartRecord> part_;
    std::optional<FrameTicks> ticks_;  // in step with those of encoder_
    Shape shape_;
    bool is_byte_stream_ = false, scaling_reported_ = false;
    std::deque<Entry> pending_;  // in the encoder
    std::vector<Packet> packets_;
    std::uint64_t next_number_ = 0;
    std::optional<HostTime> last_stamp_, last_key_;
    int failures_ = 0;
    std::atomic<bool> key_requested_{false};
    Duration time_{};
    std::uint64_t timed_ = 0;
};

TrackEncoder::TrackEncoder(TrackEncoderOptions options) : options_(std::move(options)) {
    // The encoder must get more than it holds, or it would never emit a packet.
    constexpr double kLossBound_s = 1;
    const auto by_rate = static_cast<int>(options_.video.fps * kLossBound_s) - 1;
    const int queue_size = options_.video.bound_loss ? std::min(options_.queue_size, by_rate) : options_.queue_size;
    most_in_flight_ = std::max(frames_held(options_.video) + 2, queue_size);
    if (!options_.open) options_.open = open_libavcodec;
}

TrackEncoder::~TrackEncoder() {
    finish();
}

Result<std::unique_ptr<TrackEncoder>> TrackEncoder::start(TrackEncoderOptions options) {
    std::unique_ptr<TrackEncoder> track(new TrackEncoder(std::move(options)));
    ONETAKE_TRY(track->choose_codec());
    auto parts = std::make_unique<Parts>(*track);
    track->parts_ = parts.get();
    LiveEncoderOptions live;
    live.queue_size = std::numeric_limits<std::size_t>::max();  // InFlightLimit bounds it, and a pause must not wait
    track->live_ = LiveEncoder::start(std::move(parts), std::move(live));
    return track;
}

// Opening an encoder is the only proof that it works here. Where its frames are known it is kept for them.
Status TrackEncoder::choose_codec() {
    const bool automatic = options_.video.codec == "auto";
    const bool is_known = options_.video.pixel_format && options_.width > 0 && options_.height > 0;
    const auto opens = [&](const char* codec) -> Status {
        if (automatic) options_.video.codec = codec;
        auto settings = live_encoder_settings(options_.video, options_.width > 0 ? options_.width : kProbeWidth,
                                              options_.height > 0 ? options_.height : kProbeHeight,
                                              options_.video.pixel_format.value_or(PixelFormat::i420),
                                              is_known ? rendering_threads(machine_cores()) : 1);
        settings.color = options_.color;
        auto opened = options_.open(settings);
        if (!opened) return fail(std::move(opened).error());
        auto params = opened->encoder->params();
        if (const auto header = part_header(params); !header) return fail(header.error());
        if (!is_known) return {};
        auto config = decoder_config(params.codec, params.extradata);
        if (!config) return fail(std::move(config).error());
        params.extradata = std::move(*config);
        stream_ = std::move(params);
        first_encoder_ = std::move(*opened);
        return {};
    };
    if (!automatic) return opens("");
    if (opens("h264_nvenc")) return {};
    options_.report(EventKind::note, std::string(kNvencFallback));
    return opens("libx264");
}

void TrackEncoder::submit(NumberedFrame frame) {
    const auto number = frame.number;
    const auto stamp = frame.frame.stamp;
    if (!live_->push(TimedFrame{std::move(frame.frame), {}}))
        options_.done({options_.index, number, stamp, {}, "its track has ended", {}, false});
}

void TrackEncoder::end_track(int, std::uint64_t) {
    live_->pause();
}

void TrackEncoder::request_key() {
    parts_->request_key();
}

void TrackEncoder::finish() {
    if (!live_ || std::exchange(finished_, true)) return;
    (void)live_->finish();  // Parts returns no errors, it answers frames
}

double TrackEncoder::loss_bound_s() const {
    // Those in flight, and the one that is being captured.
    return options_.video.fps > 0 ? (most_in_flight_ + 1) / options_.video.fps : 0;
}

double TrackEncoder::encode_ms_mean() const {
    return parts_->encode_ms_mean();
}

}  // namespace onetake
