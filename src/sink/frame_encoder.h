#pragma once

#include "media/frame.h"
#include "take/journal.h"

#include <cstdint>
#include <memory>
#include <string>

namespace onetake {

/// A frame and its number in its track.
struct NumberedFrame {
    int track = 0;             ///< index of the video track, from 0
    std::uint64_t number = 0;  ///< from 0, without a gap
    Frame frame;
};

/// The result of encoding a frame: a JPEG or a packet, or why there is none.
struct EncodedFrame {
    int track = 0;
    std::uint64_t number = 0;
    FrameStamp stamp;
    Buffer bytes;
    std::string failure = {};  ///< empty: bytes is valid
    /// Of an encoded track: the part that the packet belongs to, the same object for all its packets. Number and header
    /// are the writer's.
    std::shared_ptr<const PartRecord> part = {};
    bool key = false;  ///< the packet can be decoded without those before
    /// No frame: what feeds the track has left. All frames before are answered.
    bool ends_track = false;
};

/// Compresses frames on threads of its own. Each submitted frame is answered by one EncodedFrame.
class FrameEncoder {
 public:
    virtual ~FrameEncoder() = default;
    /// Never blocks. Thread-safe; frames of one track must be in the order of their numbers.
    virtual void submit(NumberedFrame frame) = 0;
    /// What feeds the track has left: answers all its frames, then this number with `ends_track`. Frames after it begin
    /// the track again. As submit().
    virtual void end_track(int track, std::uint64_t number) = 0;
};

}  // namespace onetake
