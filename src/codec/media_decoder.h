#pragma once

#include "base/error.h"
#include "media/packet.h"
#include "media/sync_marks.h"

#include <memory>
#include <vector>

struct AVCodecContext;
struct AVFrame;
struct AVPacket;

namespace onetake {

/// A piece of decoded sound, its channels mixed to one, in [-1, 1].
struct MonoAudio {
    Duration time{};  ///< media time of the first sample
    int sample_rate = 0;
    std::vector<float> samples;
};

/// What a decoder gave: of a picture its time and mean brightness, of sound the samples.
struct DecodedMedia {
    std::vector<LumaSample> pictures;
    std::vector<MonoAudio> sound;
};

/// Decodes one stream as far as measuring needs: how bright its pictures are, how its sound goes. Times are media
/// times; what edit lists, priming and padding leave out, and sound before media time 0, is left out. Damaged input is
/// an error, never more. Thread-bound.
class MediaDecoder {
 public:
    /// Errors: missing_part where this libavcodec can't decode the codec; unsupported where the stream is neither
    /// picture nor sound or its decoder does not open.
    static Result<MediaDecoder> open(const StreamParams& params);
    MediaDecoder(MediaDecoder&&) noexcept;
    MediaDecoder& operator=(MediaDecoder&&) noexcept;
    MediaDecoder(const MediaDecoder&) = delete;
    MediaDecoder& operator=(const MediaDecoder&) = delete;
    ~MediaDecoder();

    /// Takes a packet, in decoding order, and appends what it completes. Errors: corrupt; unsupported for a layout of
    /// pixels or samples that can't be read here.
    Status decode(const Packet& packet, DecodedMedia& out);
    /// Appends what is still inside; the decoder takes no more packets then.
    Status finish(DecodedMedia& out);

 private:
    struct Free {
        void operator()(AVCodecContext* context) const;
        void operator()(AVFrame* frame) const;
        void operator()(AVPacket* packet) const;
    };

    explicit MediaDecoder(const StreamParams& params);
    Status open_codec(const StreamParams& params);
    Status drain(DecodedMedia& out);
    Status take_picture(DecodedMedia& out) const;
    Status take_sound(DecodedMedia& out) const;

    std::string codec_;
    std::int64_t time_scale_ = 1;
    std::unique_ptr<AVCodecContext, Free> context_;
    std::unique_ptr<AVFrame, Free> frame_;
    std::unique_ptr<AVPacket, Free> packet_;
};

}  // namespace onetake
