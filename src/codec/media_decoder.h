#pragma once

#include "base/error.h"
#include "codec/av_free.h"
#include "media/packet.h"
#include "media/sync_marks.h"

#include <memory>
#include <vector>

namespace onetake {

/// A block of decoded audio, downmixed to mono, in [-1, 1].
struct MonoAudio {
    Duration time{};  ///< media time of the first sample
    int sample_rate = 0;
    std::vector<float> samples;
};

/// The output of a decoder: time and mean brightness of each video frame, the samples of audio.
struct DecodedMedia {
    std::vector<LumaSample> frames;
    std::vector<MonoAudio> audio;
};

/// Decodes one stream for measuring: brightness of video frames, samples of audio. Times are media times. Media
/// excluded by edit lists, priming and padding, and audio before media time 0, are left out. Safe on damaged input: it
/// returns an error. Thread-bound.
class MediaDecoder {
 public:
    /// tolerated: what a decoder can conceal is no error; all: any damage that it notices is.
    enum class Errors { tolerated, all };
    /// Errors: missing_part if this libavcodec can't decode the codec; unsupported if the stream is neither video nor
    /// audio or its decoder does not open.
    static Result<MediaDecoder> open(const StreamParams& params, Errors errors = Errors::tolerated);
    MediaDecoder(MediaDecoder&&) noexcept;
    MediaDecoder& operator=(MediaDecoder&&) noexcept;
    MediaDecoder(const MediaDecoder&) = delete;
    MediaDecoder& operator=(const MediaDecoder&) = delete;
    ~MediaDecoder();

    /// Takes a packet, in decoding order, and appends the frames it completes. Errors: corrupt; unsupported for a pixel
    /// or sample format that is not supported here.
    Status decode(const Packet& packet, DecodedMedia& out);
    /// Flushes: appends the remaining frames. No packet may follow.
    Status finish(DecodedMedia& out);

 private:
    explicit MediaDecoder(const StreamParams& params);
    Status open_codec(const StreamParams& params, Errors errors);
    Status drain(DecodedMedia& out);
    Status take_video(DecodedMedia& out) const;
    Status take_audio(DecodedMedia& out) const;

    std::string codec_;
    std::int64_t time_scale_ = 1;
    std::unique_ptr<AVCodecContext, AvFree> context_;
    std::unique_ptr<AVFrame, AvFree> frame_;
    std::unique_ptr<AVPacket, AvFree> packet_;
};

}  // namespace onetake
