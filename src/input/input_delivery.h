#pragma once

#include "input/audio_lane.h"
#include "input/input_feed.h"
#include "input/live_clock.h"
#include "input/video_lane.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Where an input's tracks go; null for a track that it has not.
struct InputOutlets {
    std::shared_ptr<Outlet<VideoReceiver>> video;
    std::shared_ptr<Outlet<AudioReceiver>> audio;
    int sample_rate = 0, channels = 0;  ///< of the audio
};

/// What becomes of the items of an input's queue: stamps them, decodes and delivers. Thread-bound.
class InputDelivery {
 public:
    /// `begin`: capture time of the media time 0 of a file; empty: when the first packet arrives. Not used if live.
    InputDelivery(const InputAddress& address, const InputOutlets& outlets, std::optional<HostTime> begin);

    void take(InputItem item);
    /// To be called several times a second: reports stalls.
    void look(HostTime now);
    /// Nothing more will be delivered.
    bool ended() const { return ended_; }

 private:
    void take_media(InputMedia media);
    void decode(const InputMedia& media);
    void flush();
    void settle();
    InputStamp stamp_of(Duration time) const;
    void note(const std::string& text, HostTime now);
    void report_clock(LiveClock::Seen seen, HostTime now);

    const InputAddress address_;
    const InputOutlets outlets_;
    std::optional<HostTime> begin_;
    std::optional<VideoLane> video_;
    std::optional<AudioLane> audio_;
    int video_stream_ = -1, audio_stream_ = -1;
    LiveClock clock_;
    std::vector<InputMedia> pending_;  // until the clock is settled
    std::size_t pending_bytes_ = 0;
    bool clock_noted_ = false, refused_noted_ = false;
    bool ended_ = false;
};

}  // namespace onetake
