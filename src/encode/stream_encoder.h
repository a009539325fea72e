#pragma once

#include "base/time.h"
#include "codec/planar_image.h"
#include "media/frame.h"
#include "media/packet.h"
#include "media/timed_audio.h"

#include <onetake/result.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace onetake {

/// A decoded frame and its media time.
struct TimedImage {
    PlanarImage image;
    MediaTime time;
    bool key = false;  ///< to be encoded as a keyframe
};
/// A raw frame and its media time; the frame's own stamp is ignored.
struct TimedFrame {
    Frame frame;
    MediaTime time;
};
/// Interleaved samples in [-1, 1] at the track's rate, which directly follow those encoded before. Not to be mixed with
/// TimedAudio on one track unless both rates are equal.
struct AudioSamples {
    std::vector<float> interleaved;
};
/// Silence from the audio track's last sample up to `until`. Long silence should be divided, because all packets of one
/// input are in memory at once; packets are the same however it is divided.
struct AudioSilence {
    MediaTime until;
};
/// A compressed frame that is one packet.
struct CompressedFrame {
    std::vector<std::uint8_t> bytes;
    MediaTime time;
    bool key = true;
};
using EncoderInput =
    std::variant<TimedImage, TimedFrame, TimedAudio, AudioSamples, AudioSilence, CompressedFrame, Packet>;

/// What a track's encoder has encoded.
struct StreamCounters {
    std::uint64_t frames = 0;        ///< frames, or packets passed through
    std::uint64_t frames_moved = 0;  ///< of those, frames at a later tick than the nearest to their time
    std::int64_t samples = 0;        ///< per channel, silence included
};

/// Makes the packets of one track: converts, resamples to the media clock, encodes, and converts times to ticks.
/// Accesses no files. Thread-bound, and synchronous but for BackgroundEncoder; the codec's own threads are internal.
/// Times are media times, from 0.
class StreamEncoder {
 public:
    StreamEncoder(const StreamEncoder&) = delete;
    StreamEncoder& operator=(const StreamEncoder&) = delete;
    virtual ~StreamEncoder() = default;

    /// Encodes one input and appends the packets that are ready to `out`, in decoding order; their `stream` is 0.
    /// Errors: refused for a frame whose time is before 0 or before the last frame's: it is ignored and the track may
    /// continue; invalid_argument for an input of the wrong type; wrong_state after finish(); the codec's.
    Status encode(EncoderInput input, std::vector<Packet>& out);
    /// The media of the track pause: appends the packets that can be made without later input, so that other tracks
    /// need not wait for them. Inputs may follow. Errors: as encode().
    Status pause(std::vector<Packet>& out);
    /// Flushes: appends the remaining packets. No input may follow. A second call does nothing.
    Status finish(std::vector<Packet>& out);
    /// Appends the packets of all inputs so far, as far as the codec has given them out: an encoder that is not
    /// synchronous may be behind its inputs.
    virtual void catch_up(std::vector<Packet>&) {}

    /// The track's parameters for a muxer; valid from the beginning.
    const StreamParams& params() const { return params_; }
    /// The encoder in use ("libx264"), or the codec passed through.
    const std::string& codec() const { return codec_; }
    virtual StreamCounters counters() const { return counters_; }
    /// Fallbacks and changes, a line each. Complete after finish().
    virtual std::vector<std::string> notes() const;

 protected:
    StreamEncoder(StreamParams params, std::string codec) : params_(std::move(params)), codec_(std::move(codec)) {}
    virtual Status take(EncoderInput input, std::vector<Packet>& out) = 0;
    virtual Status take_end(std::vector<Packet>& out) = 0;
    /// By default nothing can be made.
    virtual Status take_pause(std::vector<Packet>&) { return {}; }
    tl::unexpected<Error> wrong_input() const;

    StreamParams params_;
    std::string codec_;
    std::vector<std::string> notes_;
    StreamCounters counters_;

 private:
    bool finished_ = false;
};

}  // namespace onetake
