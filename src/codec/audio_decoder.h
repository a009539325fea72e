#pragma once

#include "base/time.h"
#include "codec/av_free.h"
#include "media/packet.h"

#include <onetake/result.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace onetake {

/// A run of decoded audio, interleaved.
struct DecodedAudio {
    Duration time{};  ///< of the first sample, on the packets' clock
    std::vector<std::int16_t> samples;
};

/// Decodes the packets of one audio stream to s16 samples of one rate and number of channels; a stream that changes
/// either is converted. Priming and padding are left out. Safe on damaged input: it returns an error, and goes on with
/// the next packet. Thread-bound.
class AudioDecoder {
 public:
    /// Errors: missing_part if this libavcodec can't decode the codec; unsupported if its decoder does not open.
    static Result<AudioDecoder> open(const StreamParams& params, int sample_rate, int channels);
    AudioDecoder(AudioDecoder&&) noexcept;
    AudioDecoder& operator=(AudioDecoder&&) noexcept;
    AudioDecoder(const AudioDecoder&) = delete;
    AudioDecoder& operator=(const AudioDecoder&) = delete;
    ~AudioDecoder();

    /// Takes a packet and appends the runs it completes. Errors: corrupt; unsupported for samples that can't be
    /// converted.
    Status decode(const Packet& packet, std::vector<DecodedAudio>& out);
    /// Flushes: appends the remaining runs. No packet may follow.
    Status finish(std::vector<DecodedAudio>& out);

 private:
    struct Converter;

    AudioDecoder(const StreamParams& params, int sample_rate, int channels);
    Status open_codec(const StreamParams& params);
    Status drain(std::vector<DecodedAudio>& out);
    Status take(std::vector<DecodedAudio>& out);

    std::string codec_;
    std::int64_t time_scale_;
    int sample_rate_, channels_;
    std::unique_ptr<AVCodecContext, AvFree> context_;
    std::unique_ptr<AVFrame, AvFree> frame_;
    std::unique_ptr<AVPacket, AvFree> packet_;
    std::unique_ptr<Converter> converter_;
};

}  // namespace onetake
