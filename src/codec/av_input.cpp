#include "codec/av_input.h"

#include <cstring>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/intreadwrite.h>
}

namespace onetake {

namespace {

constexpr std::size_t kSkipSize = 10;  // of libav's "skip samples" side data

}  // namespace

Status set_extradata(AVCodecContext& context, const StreamParams& params) {
    if (params.extradata.empty()) return {};
    context.extradata = static_cast<std::uint8_t*>(av_mallocz(params.extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (context.extradata == nullptr) return fail(ErrorCode::internal, "Out of memory while opening a decoder.");
    std::memcpy(context.extradata, params.extradata.data(), params.extradata.size());
    context.extradata_size = static_cast<int>(params.extradata.size());
    return {};
}

Status fill_packet(AVPacket& to, const Packet& packet) {
    if (av_new_packet(&to, static_cast<int>(packet.bytes.size())) < 0)
        return fail(ErrorCode::internal, "Out of memory while decoding.");
    if (!packet.bytes.empty()) std::memcpy(to.data, packet.bytes.data(), packet.bytes.size());
    to.pts = packet.pts;
    to.dts = packet.dts;
    to.duration = packet.duration;
    to.flags = (packet.key ? AV_PKT_FLAG_KEY : 0) | (packet.hidden ? AV_PKT_FLAG_DISCARD : 0);
    if (packet.skip_first > 0 || packet.skip_last > 0)
        if (auto* skip = av_packet_new_side_data(&to, AV_PKT_DATA_SKIP_SAMPLES, kSkipSize)) {
            std::memset(skip, 0, kSkipSize);
            AV_WL32(skip, static_cast<std::uint32_t>(packet.skip_first));
            AV_WL32(skip + 4, static_cast<std::uint32_t>(packet.skip_last));
        }
    return {};
}

}  // namespace onetake
