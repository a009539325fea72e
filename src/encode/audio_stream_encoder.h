#pragma once

#include "codec/audio_encoder.h"
#include "codec/variable_rate_resampler.h"
#include "encode/stream_encoder.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace onetake {

struct AudioStreamSettings {
    int sample_rate = 48000;  ///< Hz: nominal rate of the input
    int output_rate = 0;      ///< Hz; 0: that of the input
    int channels = 1;
    std::string codec = "aac";
    std::int64_t bit_rate = 128000;  ///< bits/s
    std::string title;               ///< for people; may be empty
};

/// Encodes an audio track: takes TimedAudio, resampled to its own times (VariableRateResampler), AudioSilence and
/// AudioSamples.
class AudioStreamEncoder final : public StreamEncoder {
 public:
    /// A rate that the codec does not support is raised to the next supported one, with a note; params() has the rate
    /// in use. Errors: AudioEncoder::open()'s.
    static Result<std::unique_ptr<AudioStreamEncoder>> open(const AudioStreamSettings& settings);

    /// The track continues one of which this encoder knows nothing: it begins with `sample`, and packets have their
    /// times from there on. Before the first input.
    void begin_at(std::int64_t sample);

    StreamCounters counters() const override;
    /// Media time of the next sample: everything before it is encoded.
    MediaTime position() const;

 private:
    AudioStreamEncoder(AudioEncoder encoder, VariableRateResampler resampler, std::string title);
    Status take(EncoderInput input, std::vector<Packet>& out) override;
    Status take_end(std::vector<Packet>& out) override;
    /// With as much silence as the codec needs to complete its packets.
    Status take_pause(std::vector<Packet>& out) override;

    Status to_track_times(Status status, std::vector<Packet>& out, std::size_t from) const;

    AudioEncoder encoder_;
    VariableRateResampler resampler_;
    std::int64_t first_sample_ = 0;
};

}  // namespace onetake
