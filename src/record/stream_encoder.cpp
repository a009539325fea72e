#include "codec/frame_converter.h"
#include "encode/data_encoder.h"
#include "encode/image_stream_encoder.h"
#include "encode/live_settings.h"
#include "media/data_packet.h"
#include "record/pushed_frame.h"
#include "record/stream_settings.h"

#include <onetake/stream_encoder.h>

#include <cmath>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>

namespace onetake {

namespace {

constexpr double kLatest = 4e9;  // seconds, so that the conversion can't overflow

Result<MediaTime> media_time_of(double timestamp_s) {
    if (!std::isfinite(timestamp_s) || timestamp_s < 0 || timestamp_s > kLatest)
        return fail(ErrorCode::refused, fmt::format("The timestamp {} s is out of range: 0 or later.", timestamp_s));
    return MediaTime(duration_from_seconds(timestamp_s));
}

std::vector<EncodedPacket> encoded(std::vector<Packet>& packets) {
    std::vector<EncodedPacket> all;
    for (auto& packet : packets)
        all.push_back({std::move(packet.bytes), packet.pts, packet.dts, packet.duration, packet.key});
    packets.clear();
    return all;
}

EncodedStreamInfo info_of(const StreamParams& params, const NamedValues& metadata) {
    return {params.codec,  params.time_scale,   params.extradata, params.width,
            params.height, params.pixel_format, metadata};
}

}  // namespace

class VideoStreamEncoder::Impl {
 public:
    Impl(std::unique_ptr<ImageStreamEncoder> encoder_, const VideoStreamConfig& config, NamedPixelFormat input_)
        : encoder(std::move(encoder_)),
          info(info_of(encoder->params(), config.metadata)),
          input(input_),
          width(config.width),
          height(config.height) {}

    const std::unique_ptr<ImageStreamEncoder> encoder;
    const EncodedStreamInfo info;
    const NamedPixelFormat input;
    const int width, height;
    ColorInfo color;
    const std::shared_ptr<BufferPool> images = BufferPool::create(8);
    std::optional<MediaTime> last;
    std::vector<Packet> packets;  // reused
};

VideoStreamEncoder::VideoStreamEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoStreamEncoder::~VideoStreamEncoder() = default;

Result<std::unique_ptr<VideoStreamEncoder>> VideoStreamEncoder::create(const VideoStreamConfig& config) {
    const auto setup = video_setup(config);
    if (!setup) return fail(setup.error());
    auto settings = live_encoder_settings(setup->encode, config.width, config.height, *setup->encode.pixel_format,
                                          rendering_threads(machine_cores()));
    settings.color.range = setup->range;
    auto encoder = ImageStreamEncoder::open_live(settings);
    if (!encoder) return fail(std::move(encoder).error());
    if ((*encoder)->reorders())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The options of {} ask for B-frames; packets keep the order of the frames here. Leave "
                                "B-frames out.",
                                config.codec));
    auto impl = std::make_unique<Impl>(std::move(*encoder), config, *input_pixel_format(config.input_pixel_format));
    impl->color = settings.color;
    return std::unique_ptr<VideoStreamEncoder>(new VideoStreamEncoder(std::move(impl)));
}

Result<std::vector<EncodedPacket>> VideoStreamEncoder::encode(std::span<const std::uint8_t> frame, double timestamp_s,
                                                              bool key, int stride) {
    const auto time = media_time_of(timestamp_s);
    if (!time) return fail(time.error());
    if (impl_->last && *time <= *impl_->last)
        return fail(ErrorCode::refused, fmt::format("The timestamp {} s is not after the one before, {} s.",
                                                    timestamp_s, to_seconds(impl_->last->time_since_epoch())));
    auto raw = borrowed_raw_frame(impl_->input.format, impl_->width, impl_->height, stride, frame, {});
    if (!raw) return fail(ErrorCode::invalid_argument, std::move(raw).error().message);
    raw->color.range = impl_->input.range;
    auto image = to_planar(*raw, impl_->color, *impl_->images);
    if (!image) return fail(std::move(image).error());
    ONETAKE_TRY(impl_->encoder->encode(TimedImage{std::move(*image), *time, key}, impl_->packets));
    impl_->last = *time;
    return encoded(impl_->packets);
}

Result<std::vector<EncodedPacket>> VideoStreamEncoder::flush() {
    ONETAKE_TRY(impl_->encoder->finish(impl_->packets));
    return encoded(impl_->packets);
}

const EncodedStreamInfo& VideoStreamEncoder::stream() const {
    return impl_->info;
}

class DataStreamEncoder::Impl {
 public:
    explicit Impl(const NamedValues& metadata) : info(info_of(encoder.params(), metadata)) {}

    DataEncoder encoder{""};
    const EncodedStreamInfo info;
    std::vector<Packet> packets;  // reused
};

DataStreamEncoder::DataStreamEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataStreamEncoder::~DataStreamEncoder() = default;

Result<std::unique_ptr<DataStreamEncoder>> DataStreamEncoder::create(const DataStreamConfig& config) {
    if (config.codec != "ass")
        return fail(ErrorCode::invalid_argument, fmt::format("codec is \"{}\"; allowed: ass.", config.codec));
    return std::unique_ptr<DataStreamEncoder>(new DataStreamEncoder(std::make_unique<Impl>(config.metadata)));
}

Result<std::vector<EncodedPacket>> DataStreamEncoder::encode(std::span<const std::uint8_t> bytes, double timestamp_s) {
    const auto time = media_time_of(timestamp_s);
    if (!time) return fail(time.error());
    if (bytes.empty() || bytes.size() > kLargestData)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A data packet of {} bytes; 1 to {} is possible.", bytes.size(), kLargestData));
    ONETAKE_TRY(impl_->encoder.encode(CompressedFrame{{bytes.begin(), bytes.end()}, *time}, impl_->packets));
    return encoded(impl_->packets);
}

Result<std::vector<EncodedPacket>> DataStreamEncoder::flush() {
    ONETAKE_TRY(impl_->encoder.finish(impl_->packets));
    return encoded(impl_->packets);
}

const EncodedStreamInfo& DataStreamEncoder::stream() const {
    return impl_->info;
}

}  // namespace onetake
