#pragma once

#include "media/packet.h"

#include <onetake/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct AVCodecContext;
struct AVFrame;
struct AVPacket;

namespace onetake {

struct AudioEncoderSettings {
    /// The name of any sound encoder that libavcodec has: "aac", "pcm_s16le", "flac".
    std::string codec = "aac";
    int sample_rate = 48000;  ///< Hz
    int channels = 1;
    std::int64_t bit_rate = 128000;  ///< bits/s; without meaning for lossless codecs
};

/// Compresses sound with libavcodec. Packets' times count samples: what the encoder puts in front (priming) has
/// negative ones, and the last packet's duration ends where the sound ends. Thread-bound.
class AudioEncoder {
 public:
    /// Errors: missing_part, unsupported, as VideoEncoder::open().
    static Result<AudioEncoder> open(AudioEncoderSettings settings);
    AudioEncoder(AudioEncoder&&) noexcept;
    AudioEncoder& operator=(AudioEncoder&&) noexcept;
    AudioEncoder(const AudioEncoder&) = delete;
    AudioEncoder& operator=(const AudioEncoder&) = delete;
    ~AudioEncoder();

    /// Takes interleaved samples in [-1, 1], any number of whole frames; values beyond are clipped by codecs of
    /// integers.
    Status encode(std::span<const float> interleaved, std::vector<Packet>& out);
    /// Appends the packets still inside; the encoder takes no more sound then.
    Status finish(std::vector<Packet>& out);

    const StreamParams& params() const { return params_; }
    const std::string& name() const { return settings_.codec; }
    /// Samples per channel taken so far.
    std::int64_t samples() const { return samples_; }

    /// The rate nearest above or equal to `wanted` that the codec takes, else its highest; 0 for an unknown codec.
    static int usable_rate(const std::string& codec, int wanted);

 private:
    struct Free {
        void operator()(AVCodecContext* context) const;
        void operator()(AVFrame* frame) const;
        void operator()(AVPacket* packet) const;
    };

    explicit AudioEncoder(AudioEncoderSettings settings);
    Status open_codec();
    Status send(std::span<const float> interleaved, std::vector<Packet>& out);
    Status drain(std::vector<Packet>& out);

    AudioEncoderSettings settings_;
    StreamParams params_;
    std::unique_ptr<AVCodecContext, Free> context_;
    std::unique_ptr<AVFrame, Free> frame_;
    std::unique_ptr<AVPacket, Free> packet_;
    std::vector<float> waiting_;  ///< less than a packet's worth
    std::int64_t samples_ = 0;    ///< taken
    std::int64_t sent_ = 0;       ///< given to the codec
    std::int64_t next_pts_ = 0;   ///< of the next packet
    bool finished_ = false;
};

}  // namespace onetake
