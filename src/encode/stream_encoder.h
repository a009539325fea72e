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
};
/// A raw frame and its media time; the frame's own stamp is not looked at.
struct TimedFrame {
    Frame frame;
    MediaTime time;
};
/// Interleaved samples in [-1, 1] that lie on the track's grid already, at the track's rate: they follow what was
/// encoded before. Not to be mixed with TimedAudio on one track, unless both rates are the same.
struct AudioSamples {
    std::vector<float> interleaved;
};
/// The audio track is silent from its last sample up to `until`. Long silence is given in pieces, for each piece's
/// packets are in memory together; packets are the same however it is divided.
struct AudioSilence {
    MediaTime until;
};
/// A frame that is compressed already, one packet by itself.
struct CompressedFrame {
    std::vector<std::uint8_t> bytes;
    MediaTime time;
    bool key = true;
};
using EncoderInput = std::variant<TimedImage, TimedFrame, TimedAudio, AudioSamples, AudioSilence, CompressedFrame, Packet>;

/// What a track's encoder took.
struct StreamCounters {
    std::uint64_t frames = 0;        ///< frames, or packets passed through
    std::uint64_t frames_moved = 0;  ///< of those, frames that lie one tick or more later than their time
    std::int64_t samples = 0;        ///< per channel, silence included
};

/// Makes the packets of one track: converts, encodes, resamples to the media clock and counts in ticks. Knows no files.
/// Synchronous and thread-bound; the codec's own threads stay inside. Times are media times, from 0.
class StreamEncoder {
 public:
    StreamEncoder(const StreamEncoder&) = delete;
    StreamEncoder& operator=(const StreamEncoder&) = delete;
    virtual ~StreamEncoder() = default;

    /// Takes one input and appends what packets are ready to `out`, in decoding order; their `stream` is 0. Errors:
    /// refused for a frame whose time is before 0 or before the last frame's, nothing taken, and the next may follow;
    /// invalid_argument for an input that this track does not take; wrong_state after finish(); the codec's.
    Status encode(EncoderInput input, std::vector<Packet>& out);
    /// Appends the packets still inside; nothing is taken after it. A second call does nothing.
    Status finish(std::vector<Packet>& out);

    /// Valid from the beginning: what a file must know of the track.
    const StreamParams& params() const { return params_; }
    /// The encoder in use ("libx264"), or the codec that is passed through.
    const std::string& codec() const { return codec_; }
    virtual StreamCounters counters() const { return counters_; }
    /// Fallbacks and changes, a line each. Complete after finish().
    std::vector<std::string> notes() const;

 protected:
    StreamEncoder(StreamParams params, std::string codec) : params_(std::move(params)), codec_(std::move(codec)) {}
    virtual Status take(EncoderInput input, std::vector<Packet>& out) = 0;
    virtual Status take_end(std::vector<Packet>& out) = 0;
    tl::unexpected<Error> wrong_input() const;

    StreamParams params_;
    std::string codec_;
    std::vector<std::string> notes_;
    StreamCounters counters_;

 private:
    bool finished_ = false;
};

}  // namespace onetake
