#pragma once

#include "codec/av_free.h"
#include "media/packet.h"

#include <onetake/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace onetake {

struct AudioEncoderSettings {
    /// The name of any audio encoder in libavcodec: "aac", "pcm_s16le", "flac".
    std::string codec = "aac";
    int sample_rate = 48000;  ///< Hz
    int channels = 1;
    std::int64_t bit_rate = 128000;  ///< bits/s; ignored by lossless codecs
};

/// Encodes audio with libavcodec. Packet times count samples: the encoder's priming has negative times, and the last
/// packet's duration ends where the audio ends. Thread-bound.
class AudioEncoder {
 public:
    /// Errors: missing_part, unsupported, as VideoEncoder::open().
    static Result<AudioEncoder> open(AudioEncoderSettings settings);
    AudioEncoder(AudioEncoder&&) noexcept;
    AudioEncoder& operator=(AudioEncoder&&) noexcept;
    AudioEncoder(const AudioEncoder&) = delete;
    AudioEncoder& operator=(const AudioEncoder&) = delete;
    ~AudioEncoder();

    /// Takes interleaved samples in [-1, 1], any number of them for each channel; integer codecs clip values beyond.
    Status encode(std::span<const float> interleaved, std::vector<Packet>& out);
    /// Flushes: appends the remaining packets. No audio may follow.
    Status finish(std::vector<Packet>& out);

    const StreamParams& params() const { return params_; }
    const std::string& name() const { return settings_.codec; }
    /// Samples per channel taken so far.
    std::int64_t samples() const { return samples_; }

    /// The lowest rate of at least `wanted` that the codec supports, else its highest; 0 for an unknown codec.
    static int usable_rate(const std::string& codec, int wanted);

 private:
    explicit AudioEncoder(AudioEncoderSettings settings);
    Status open_codec();
    Status send(std::span<const float> interleaved, std::vector<Packet>& out);
    Status drain(std::vector<Packet>& out);

    AudioEncoderSettings settings_;
    StreamParams params_;
    std::unique_ptr<AVCodecContext, AvFree> context_;
    std::unique_ptr<AVFrame, AvFree> frame_;
    std::unique_ptr<AVPacket, AvFree> packet_;
    std::vector<float> waiting_;  ///< samples of less than one packet
    std::int64_t samples_ = 0;    ///< taken
    std::int64_t sent_ = 0;       ///< passed to the codec
    std::int64_t next_pts_ = 0;   ///< of the next packet
    bool finished_ = false;
};

}  // namespace onetake
