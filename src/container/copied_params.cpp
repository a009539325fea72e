#include "container/copied_params.h"

#include <cstring>

namespace onetake {

namespace {

// Display matrix and the like: with the codec's parameters since FFmpeg 6.1, beside them before.
int copy_side_data([[maybe_unused]] const AVStream& from, [[maybe_unused]] AVStream& to) {
#if LIBAVCODEC_VERSION_INT < AV_VERSION_INT(60, 30, 100)
    for (int i = 0; i < from.nb_side_data; ++i) {
        const auto& side = from.side_data[i];
        std::uint8_t* copy = av_stream_new_side_data(&to, side.type, side.size);
        if (copy == nullptr) return AVERROR(ENOMEM);
        std::memcpy(copy, side.data, side.size);
    }
#endif
    return 0;
}

int copy_stream(const AVStream& from, AVStream& to) {
    if (const int error = avcodec_parameters_copy(to.codecpar, from.codecpar); error < 0) return error;
    to.time_base = from.time_base;
    to.avg_frame_rate = from.avg_frame_rate;
    to.r_frame_rate = from.r_frame_rate;
    to.sample_aspect_ratio = from.sample_aspect_ratio;
    to.disposition = from.disposition;
    if (const int error = av_dict_copy(&to.metadata, from.metadata, 0); error < 0) return error;
    return copy_side_data(from, to);
}

}  // namespace

std::shared_ptr<const CopiedParams> CopiedParams::of(const AVStream& stream) {
    auto made = std::make_shared<CopiedParams>();
    made->owner = avformat_alloc_context();
    if (made->owner == nullptr) return nullptr;
    made->stream = avformat_new_stream(made->owner, nullptr);
    if (made->stream == nullptr || copy_stream(stream, *made->stream) < 0) return nullptr;
    return made;
}

CopiedParams::~CopiedParams() {
    avformat_free_context(owner);
}

int CopiedParams::apply_to(AVStream& out, const AVOutputFormat& format) const {
    if (const int error = copy_stream(*stream, out); error < 0) return error;
    auto* par = out.codecpar;
    unsigned other = 0;
    const bool known = format.codec_tag == nullptr ||
                       av_codec_get_id(format.codec_tag, par->codec_tag) == par->codec_id ||
                       av_codec_get_tag2(format.codec_tag, par->codec_id, &other) == 0;
    if (!known) par->codec_tag = 0;
    return 0;
}

}  // namespace onetake
