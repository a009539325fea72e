#pragma once

#include "codec/audio_decoder.h"
#include "input/outlet.h"
#include "input/packet_queue.h"
#include "input/video_lane.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Decodes and delivers an input's audio. Thread-bound.
class AudioLane {
 public:
    /// Capture time of a media time.
    using StampOf = std::function<InputStamp(Duration)>;

    AudioLane(Outlet<AudioReceiver>& outlet, int sample_rate, int channels, bool live,
              const MediaInputOptions& options);

    /// Packets from now on are of this stream.
    void open(const StreamParams& params);
    void take(const InputMedia& media, const StampOf& stamp_of);
    /// Delivers what the decoder holds.
    void finish(const StampOf& stamp_of);
    /// Times may have moved: the next block does not continue the one before.
    void break_here() { broken_ = true; }
    void end(const std::string& text, HostTime now);
    bool ended() const { return ended_; }
    TrackWatch<AudioReceiver>& watch() { return watch_; }

 private:
    void failed(const Error& error, HostTime now);
    void deliver_all(std::vector<DecodedAudio>& runs, HostTime arrival, const StampOf& stamp_of);
    void deliver(DecodedAudio run, HostTime arrival, InputStamp stamp);

    Outlet<AudioReceiver>& outlet_;
    TrackWatch<AudioReceiver> watch_;
    const int sample_rate_, channels_;
    const bool live_;
    std::optional<AudioDecoder> decoder_;
    std::optional<HostTime> end_;  // of the last block
    bool broken_ = false;
    bool lost_some_ = false;  // packets found the queue full
    int failures_ = 0;
    bool ended_ = false;
};

}  // namespace onetake
