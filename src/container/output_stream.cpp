#include "container/output_stream.h"

#include "container/copied_params.h"
#include "media/speakers.h"

#include <array>
#include <cstring>
#include <fmt/format.h>

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/pixdesc.h>
}

namespace onetake {

namespace {

void set_color(AVCodecParameters* par, ColorInfo color) {
    par->color_range = color.range == ColorRange::full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    par->color_space = color.matrix == ColorMatrix::bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    par->color_primaries = AVCOL_PRI_BT709;
    par->color_trc = AVCOL_TRC_BT709;
    par->chroma_location = AVCHROMA_LOC_CENTER;
}

}  // namespace

bool is_mp4(ContainerFormat format) {
    return format == ContainerFormat::mp4 || format == ContainerFormat::mov;
}

bool has_slots(ContainerFormat format, const StreamParams& params) {
    return format == ContainerFormat::avi && !params.copied && params.kind == TrackKind::video && params.fps > 0;
}

tl::unexpected<Error> av_failure(std::string_view what, const std::string& path, int error) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    const int number = AVUNERROR(error);
    if (number > 0 && number < 200) return fail(file_error(what, path, number));
    av_strerror(error, text.data(), text.size());
    return fail(ErrorCode::io, fmt::format("{} {}: {}.", what, path, text.data()));
}

void set_tag(AVDictionary** tags, const std::string& key, const std::string& value) {
    if (!value.empty()) av_dict_set(tags, key.c_str(), value.c_str(), 0);
}

FormatName name_of(ContainerFormat format) {
    switch (format) {
        case ContainerFormat::mp4:
            return {"mp4", "MP4"};
        case ContainerFormat::mkv:
            return {"matroska", "Matroska"};
        case ContainerFormat::mov:
            return {"mov", "MOV"};
        case ContainerFormat::avi:
            return {"avi", "AVI"};
    }
    return {"mp4", "MP4"};
}

tl::unexpected<Error> cant_hold(ContainerFormat format, const std::string& codec) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} can't hold {} in this libavformat. Choose another codec{}.", name_of(format).people,
                            codec, format == ContainerFormat::mkv ? "" : " or mkv"));
}

Result<PacketFilter> start_code_filter(AVStream& stream, const std::string& path) {
    const auto codec = stream.codecpar->codec_id;
    const char* name = codec == AV_CODEC_ID_H264   ? "h264_mp4toannexb"
                       : codec == AV_CODEC_ID_HEVC ? "hevc_mp4toannexb"
                                                   : nullptr;
    if (name == nullptr) return PacketFilter();
    AVBSFContext* made = nullptr;
    const auto* found = av_bsf_get_by_name(name);
    int error = found == nullptr ? AVERROR_BSF_NOT_FOUND : av_bsf_alloc(found, &made);
    PacketFilter filter(made);
    if (error >= 0) error = avcodec_parameters_copy(filter->par_in, stream.codecpar);
    if (error >= 0) {
        filter->time_base_in = stream.time_base;
        error = av_bsf_init(filter.get());
    }
    if (error >= 0) error = avcodec_parameters_copy(stream.codecpar, filter->par_out);
    if (error < 0) return av_failure("Can't add a stream to", path, error);
    return filter;
}

Status set_up_stream(AVStream& stream, const StreamParams& params, const AVCodecDescriptor& codec,
                     const OutputOf& output) {
    if (params.copied) {
        if (const int error = params.copied->apply_to(stream, *output.libav); error < 0)
            return av_failure("Can't add a stream to", output.path, error);
        if (stream.time_base.den != params.time_scale) {  // its packets have got other times
            stream.time_base = {1, static_cast<int>(params.time_scale)};
            stream.avg_frame_rate = stream.r_frame_rate = {0, 1};
        }
        return {};
    }
    stream.time_base = {1, static_cast<int>(params.time_scale)};
    if (has_slots(output.format, params)) {
        constexpr int kLargest = 1'000'000;
        stream.time_base = av_inv_q(av_d2q(params.fps, kLargest));
        stream.avg_frame_rate = av_inv_q(stream.time_base);
    }
    AVCodecParameters* par = stream.codecpar;
    par->codec_type = codec.type;
    par->codec_id = codec.id;
    par->bit_rate = params.bit_rate;
    par->profile = params.profile;
    par->level = params.level;
    if (!params.extradata.empty()) {
        par->extradata = static_cast<std::uint8_t*>(av_mallocz(params.extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
        if (par->extradata == nullptr) return fail(ErrorCode::internal, "Out of memory while adding a stream.");
        std::memcpy(par->extradata, params.extradata.data(), params.extradata.size());
        par->extradata_size = static_cast<int>(params.extradata.size());
    }
    if (codec.type == AVMEDIA_TYPE_VIDEO) {
        par->width = params.width;
        par->height = params.height;
        par->format = av_get_pix_fmt(params.pixel_format.c_str());
        par->sample_aspect_ratio = stream.sample_aspect_ratio = {1, 1};
        set_color(par, params.color);
        // Apple's players want HEVC under this name.
        if (is_mp4(output.format) && codec.id == AV_CODEC_ID_HEVC) par->codec_tag = MKTAG('h', 'v', 'c', '1');
    } else if (codec.type == AVMEDIA_TYPE_AUDIO) {
        par->sample_rate = params.sample_rate;
        par->frame_size = params.frame_size;
        par->initial_padding = params.initial_padding;
        if (const auto mask = speaker_mask(params.channels); mask != 0)
            av_channel_layout_from_mask(&par->ch_layout, mask);
        else
            av_channel_layout_default(&par->ch_layout, params.channels);
        par->bits_per_coded_sample = av_get_bits_per_sample(codec.id);
        par->block_align = par->bits_per_coded_sample / 8 * params.channels;
    }
    set_tag(&stream.metadata, "title", params.title);
    for (const auto& [key, value] : params.metadata) set_tag(&stream.metadata, key, value);
    if (is_mp4(output.format)) set_tag(&stream.metadata, "handler_name", params.title);
    return {};
}

}  // namespace onetake
