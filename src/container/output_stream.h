#pragma once

#include "base/error.h"
#include "media/packet.h"

#include <onetake/container_format.h>

#include <memory>
#include <string>
#include <string_view>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
}

/// How libavformat is told what a stream of an output file is.
namespace onetake {

/// MP4, and MOV, which is the same but for its name.
bool is_mp4(ContainerFormat format);

/// Its names: libavformat's, and the one for people.
struct FormatName {
    const char* libav;
    std::string_view people;
};
FormatName name_of(ContainerFormat format);

/// The error of a format that can't hold a codec (by libavcodec's name).
tl::unexpected<Error> cant_hold(ContainerFormat format, const std::string& codec);

/// Converts one of libav's error codes, which are negated errno values for errors of the disk.
tl::unexpected<Error> av_failure(std::string_view what, const std::string& path, int error);

/// Sets a tag, unless the value is empty.
void set_tag(AVDictionary** tags, const std::string& key, const std::string& value);

/// Whether the stream's frames are placed at a constant rate, the nearest place each, or the next if that is taken.
bool has_slots(ContainerFormat format, const StreamParams& params);

/// The file that a stream is added to.
struct OutputOf {
    ContainerFormat format;
    const AVOutputFormat* libav;
    const std::string& path;  ///< for errors
};

/// Sets a new stream's codec parameters, time base and tags.
Status set_up_stream(AVStream& stream, const StreamParams& params, const AVCodecDescriptor& codec,
                     const OutputOf& output);

struct FreeFilter {
    void operator()(AVBSFContext* filter) const { av_bsf_free(&filter); }
};
using PacketFilter = std::unique_ptr<AVBSFContext, FreeFilter>;

/// For AVI, which has H.264 and H.265 as byte streams with start codes; takes have them with lengths. Null for other
/// codecs.
Result<PacketFilter> start_code_filter(AVStream& stream, const std::string& path);

}  // namespace onetake
