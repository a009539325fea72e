#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace onetake {

/// All that libavformat read about one stream of a file. Immutable; only container/ knows what is in it.
struct CopiedParams {
    /// Null if memory ran out.
    static std::shared_ptr<const CopiedParams> of(const AVStream& stream);
    CopiedParams() = default;
    CopiedParams(const CopiedParams&) = delete;
    CopiedParams& operator=(const CopiedParams&) = delete;
    ~CopiedParams();

    /// Sets up an output's stream with the same parameters. The codec's tag is kept where `format` knows it. Returns
    /// libav's error code.
    int apply_to(AVStream& stream, const AVOutputFormat& format) const;

    AVStream* stream = nullptr;  ///< parameters, rates, tags and side data; of `owner`
    AVFormatContext* owner = nullptr;
};

}  // namespace onetake
