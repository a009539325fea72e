#include "container/read_params.h"

#include "container/copied_params.h"

#include <algorithm>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>
}

namespace onetake {

namespace {

constexpr int kLargestHeader = 1 << 20;  // bytes of extradata

constexpr std::size_t kSkipBytes = 10;  // of libav's "skip samples" side data
constexpr std::uint32_t kMostSkipped = 1 << 24;

}  // namespace

StreamParams params_of(const AVStream& stream) {
    const AVCodecParameters& par = *stream.codecpar;
    StreamParams p;
    const bool cover = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    p.kind = par.codec_type == AVMEDIA_TYPE_VIDEO   ? (cover ? TrackKind::data : TrackKind::video)
             : par.codec_type == AVMEDIA_TYPE_AUDIO ? TrackKind::audio
                                                    : TrackKind::data;
    p.codec = avcodec_get_name(par.codec_id);
    p.time_scale = std::max(stream.time_base.den, 1);  // a tick of n/d s is n ticks of 1/d s
    p.copied = CopiedParams::of(stream);
    if (par.extradata_size > 0 && par.extradata_size <= kLargestHeader)
        p.extradata.assign(par.extradata, par.extradata + par.extradata_size);
    p.bit_rate = par.bit_rate;
    p.profile = par.profile;
    p.level = par.level;
    if (const auto* title = av_dict_get(stream.metadata, "title", nullptr, 0)) p.title = title->value;
    if (p.kind == TrackKind::video) {
        p.width = par.width;
        p.height = par.height;
        if (const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(par.format))) p.pixel_format = name;
        p.color.range = par.color_range == AVCOL_RANGE_JPEG ? ColorRange::full : ColorRange::limited;
        p.color.matrix = par.color_space == AVCOL_SPC_BT709 ? ColorMatrix::bt709 : ColorMatrix::bt601;
        if (stream.avg_frame_rate.num > 0 && stream.avg_frame_rate.den > 0) p.fps = av_q2d(stream.avg_frame_rate);
    } else if (p.kind == TrackKind::audio) {
        p.sample_rate = par.sample_rate;
        p.channels = par.ch_layout.nb_channels;
        p.frame_size = par.frame_size;
        p.initial_padding = par.initial_padding;
    }
    return p;
}

Packet packet_of(const AVPacket& packet, const AVStream& stream, std::int64_t time_scale) {
    const AVRational from = stream.time_base, to{1, static_cast<int>(time_scale)};
    const auto time = [&](std::int64_t t) { return t == AV_NOPTS_VALUE ? Packet::kNoTime : av_rescale_q(t, from, to); };
    Packet p;
    p.stream = packet.stream_index;
    p.pts = time(packet.pts);
    p.dts = time(packet.dts);
    p.duration = av_rescale_q(packet.duration, from, to);
    p.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    p.hidden = (packet.flags & AV_PKT_FLAG_DISCARD) != 0;
    std::size_t size = 0;
    const auto* skip = av_packet_get_side_data(&packet, AV_PKT_DATA_SKIP_SAMPLES, &size);
    if (skip != nullptr && size >= kSkipBytes) {
        p.skip_first = static_cast<int>(std::min(AV_RL32(skip), kMostSkipped));
        p.skip_last = static_cast<int>(std::min(AV_RL32(skip + 4), kMostSkipped));
    }
    p.bytes.assign(packet.data, packet.data + packet.size);
    return p;
}

}  // namespace onetake
