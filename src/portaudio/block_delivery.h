#pragma once

#include "media/source.h"
#include "portaudio/sample_feed.h"
#include "portaudio/stream_clock.h"

#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Reads the blocks of one stream from its feed, stamps them and delivers them in order. Blocks that arrive before the
/// stream's clock is known are pending back until it is. Thread-bound.
class BlockDelivery {
 public:
    /// `after_break`: the stream replaces a broken one of the same track; its first block is marked as xrun.
    BlockDelivery(std::string name, int sample_rate, int channels, bool after_break);

    /// Delivers what can be delivered; returns the number of blocks read from the feed.
    int drain(SampleFeed& feed, AudioReceiver& receiver, HostTime now);
    /// Delivers what is left, clock known or not, and reports losses not yet reported.
    void finish(SampleFeed& feed, AudioReceiver& receiver, HostTime now);

    const StreamClock& clock() const { return clock_; }
    /// Stamp of the first block delivered.
    std::optional<HostTime> begin() const { return begin_; }
    /// End of the last block delivered, by its own stamp.
    std::optional<HostTime> end() const { return end_; }

 private:
    struct PendingBlock {
        RingBlock block;
        std::vector<std::int16_t> samples;
    };
    void release(AudioReceiver& receiver);
    void deliver(PendingBlock pending, AudioReceiver& receiver);
    void report_loss(std::uint64_t frames, HostTime time, AudioReceiver& receiver);

    const std::string name_;
    const int sample_rate_, channels_;
    StreamClock clock_;
    std::vector<PendingBlock> pending_;
    std::optional<HostTime> begin_, end_;
    bool mark_next_;
    bool no_clock_reported_ = false;
    std::uint64_t lost_reported_ = 0;
};

}  // namespace onetake
