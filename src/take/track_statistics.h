#pragma once

#include "base/histogram.h"
#include "media/audio_clock.h"
#include "media/source.h"
#include "take/take_files.h"

#include <onetake/loss_cause.h>
#include <onetake/metrics.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// What is measured of one track: by the recorder while it writes, and by an inspection from the journal, so that both
/// give the same figures for the same take. Constant memory. Thread-bound.
class TrackStatistics {
 public:
    static TrackStatistics of_video(TrackId track, const VideoDescription& video);
    /// `sample_rate`: the device's label, Hz.
    static TrackStatistics of_audio(TrackId track, const AudioDescription& audio);

    static TrackStatistics of_data(TrackId track) { return {track, 0}; }

    /// A frame that was stored, or that the journal names.
    void add_frame(HostTime stamp, StampSource source);
    /// A block of audio that was stored, or that the journal names.
    void add_block(const AudioBlockStamp& block, StampSource source);
    /// A data packet that was stored, or that the journal names. Packets come as they do: there are no gaps.
    void add_packet(HostTime stamp, StampSource source) { add_stamp(stamp, stamp, source, Duration::max()); }
    /// What feeds the track has left: the time until it begins again is no gap.
    void end() { ended_ = true; }
    /// Frames, samples or packets that were not stored, captured in this time.
    void add_loss(std::uint64_t count, HostTime from, HostTime to);
    /// Capture instant to disk, of one frame.
    void add_latency(Duration latency) { latency_.add(latency); }

    TrackId track() const { return track_; }
    bool is_video() const { return track_.kind == TrackKind::video; }
    bool is_data() const { return track_.kind == TrackKind::data; }
    std::uint64_t records() const { return records_; }
    std::optional<HostTime> first() const { return first_; }
    /// The latest stamp; for audio, the latest end of a block.
    std::optional<HostTime> last() const { return last_; }
    /// Seconds of media in one frame or sample; 0 if the rate is unknown, and of data.
    double seconds_each() const;

    /// Frames, samples per channel, or packets. Whoever measures fills them in.
    TrackCounters counters;
    std::uint64_t bytes = 0;  ///< of the media stored

    /// Adds the track to a take's metrics: its counters, gaps and xruns, and for the first track of a kind its rate,
    /// clock, latency and provenance. Ends with finish_rates().
    void add_to(Metrics& metrics) const;

 private:
    TrackStatistics(TrackId track, double rate);
    void add_stamp(HostTime begin, HostTime end, StampSource source, Duration longest_gap);
    std::string provenance() const;
    double effective_fps() const;
    void add_clock_to(Metrics& metrics) const;

    TrackId track_;
    double rate_;  // frames or samples per second, by the label; 0 if unknown
    std::uint64_t records_ = 0;
    std::optional<HostTime> first_, last_;
    std::optional<StampSource> source_;
    bool mixed_sources_ = false, ended_ = false;
    int width_ = 0, height_ = 0;  // of video, granted
    std::string fourcc_;
    std::uint64_t lost_ = 0;  // after the first stamp
    HostTime lost_from_, lost_to_;
    std::uint64_t gaps_ = 0, xruns_ = 0;
    Duration gap_time_{};
    DurationHistogram latency_;
    std::optional<AudioClock> clock_;
    std::vector<AudioSpan> spans_;  // kept for its capacity
};

/// The counter of `counters` that a loss of this cause belongs to. Frames that were altered are there: `written`.
std::uint64_t& counter_of(TrackCounters& counters, LossCause cause);

/// What follows from the rates of both kinds of track. After the tracks were added.
void finish_rates(Metrics& metrics);

}  // namespace onetake
