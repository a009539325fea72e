#include "take/track_statistics.h"

#include "take/track_clock.h"

#include <algorithm>
#include <utility>

namespace onetake {

namespace {

// A stamp this far behind its predecessor's end is a gap in the track.
constexpr Duration kLongestAudioJump = std::chrono::milliseconds(50);
constexpr std::uint64_t kEnoughBlocks = 10;  // to say anything of a sound card's clock

Duration longest_interval(double fps) {
    return duration_from_seconds(std::max(0.2, fps > 0 ? 3 / fps : 0.1));
}

}  // namespace

TrackStatistics::TrackStatistics(TrackId track, double rate) : track_(track), rate_(rate) {
    counters.track = to_string(track);
    counters.kind = to_string(track.kind);
}

TrackStatistics TrackStatistics::of_video(TrackId track, const VideoDescription& video) {
    TrackStatistics statistics(track, video.fps);
    statistics.width_ = video.width;
    statistics.height_ = video.height;
    statistics.fourcc_ = video.fourcc;
    return statistics;
}

TrackStatistics TrackStatistics::of_audio(TrackId track, const AudioDescription& audio) {
    TrackStatistics statistics(track, audio.sample_rate);
    statistics.clock_.emplace(track_clock(audio));
    return statistics;
}

void TrackStatistics::add_frame(HostTime stamp, StampSource source) {
    add_stamp(stamp, stamp, source, longest_interval(rate_));
}

void TrackStatistics::add_block(const AudioBlockStamp& block, StampSource source) {
    const auto end = block.time + from_ticks(block.frames, static_cast<std::int64_t>(rate_));
    add_stamp(block.time, end, source, kLongestAudioJump);
    xruns_ += block.xrun;
    spans_.clear();
    clock_->add(clock_stamp(block.first_sample, block.frames, block.time, block.xrun, source), spans_);
}

// What was lost before the first stamp is not part of the track.
void TrackStatistics::add_loss(std::uint64_t count, HostTime from, HostTime to) {
    if (!first_ || to <= *first_) return;
    lost_from_ = lost_ == 0 ? from : std::min(lost_from_, from);
    lost_to_ = lost_ == 0 ? to : std::max(lost_to_, to);
    lost_ += count;
}

void TrackStatistics::add_stamp(HostTime begin, HostTime end, StampSource source, Duration longest_gap) {
    ++records_;
    const bool again = std::exchange(ended_, false);
    if (last_ && !again && begin - *last_ > longest_gap) {
        // Of video, the time from one frame to the next is no part of the gap.
        const auto frame = is_video() && rate_ > 0 ? duration_from_seconds(1 / rate_) : Duration{};
        ++gaps_;
        gap_time_ += begin - *last_ - frame;
    }
    if (!first_) first_ = begin;
    last_ = std::max(last_.value_or(end), end);
    if (source_ && *source_ != source) mixed_sources_ = true;
    source_ = source;
}

double TrackStatistics::seconds_each() const {
    if (rate_ > 0) return 1 / rate_;
    return !is_data() && records_ > 1 ? to_seconds(*last_ - *first_) / static_cast<double>(records_ - 1) : 0;
}

std::string TrackStatistics::provenance() const {
    if (!source_) return {};
    return std::string(to_string(*source_)) + (mixed_sources_ ? " (mixed)" : "");
}

// Of the camera: frames that it delivered and that were lost count, too.
double TrackStatistics::effective_fps() const {
    if (records_ < 2 || *last_ <= *first_) return kNotApplicable;
    const auto begin = lost_ > 0 ? std::min(*first_, lost_from_) : *first_;
    const auto end = lost_ > 0 ? std::max(*last_, lost_to_) : *last_;
    return static_cast<double>(records_ - 1 + lost_) / to_seconds(end - begin);
}

void TrackStatistics::add_to(Metrics& m) const {
    m.counters.push_back(counters);
    m.gaps += gaps_;
    m.gap_s += to_seconds(gap_time_);
    if (is_data()) return;
    const bool first = track_.number == 1;
    if (!is_video()) {
        m.audio_enabled = true;
        m.audio_xruns += xruns_;
        if (!first) return;
        m.audio_samples = counters.written;
        m.audio_stamp_source = provenance();
        add_clock_to(m);
        return;
    }
    m.frames += counters.written;
    m.dropped += counters.dropped_queue;
    m.video_mb += static_cast<double>(bytes) / 1e6;
    if (!first) return;
    m.nominal_fps = rate_ > 0 ? rate_ : kNotApplicable;
    m.width = width_;
    m.height = height_;
    m.fourcc = fourcc_;
    m.stamp_source = provenance();
    m.effective_fps = effective_fps();
    m.camera_fps_label_error_ppm = (m.effective_fps / m.nominal_fps - 1) * 1e6;
    if (latency_.count()) {
        m.write_latency_p95_ms = to_seconds(latency_.quantile(0.95)) * 1e3;
        m.write_latency_max_ms = to_seconds(latency_.max()) * 1e3;
    }
}

// The clock settles an instant ten seconds or more later. Asked for now, a copy of it is brought to its end.
void TrackStatistics::add_clock_to(Metrics& m) const {
    if (records_ < kEnoughBlocks) return;
    auto clock = *clock_;
    std::vector<AudioSpan> rest;
    clock.finish(rest);
    m.audio_block_jitter_ms = to_seconds(clock.residual_rms()) * 1e3;
    m.soundcard_drift_ppm = clock.drift_ppm();
}

std::uint64_t& counter_of(TrackCounters& counters, LossCause cause) {
    switch (cause) {
        case LossCause::queue:
            return counters.dropped_queue;
        case LossCause::driver:
            return counters.dropped_driver;
        case LossCause::corrupt:
            return counters.corrupt;
        case LossCause::altered:
            return counters.written;
        case LossCause::disk:
        case LossCause::missing:
        case LossCause::cut_short:
        case LossCause::damaged:
        case LossCause::no_record:
            return counters.dropped_disk;
    }
    return counters.dropped_disk;
}

void finish_rates(Metrics& m) {
    // Played at nominal rates, a fast card makes the audio longer than it was, a fast camera the video.
    constexpr double kMsPerHourAndPpm = 3.6;
    m.jpeg_kb_mean = m.frames > 0 ? m.video_mb * 1e3 / static_cast<double>(m.frames) : kNotApplicable;
    m.projected_av_skew_ms_per_hour = kMsPerHourAndPpm * (m.soundcard_drift_ppm - m.camera_fps_label_error_ppm);
}

}  // namespace onetake
