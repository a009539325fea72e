#pragma once

#include "base/time.h"
#include "sink/take_sink.h"

#include <onetake/progress.h>

#include <algorithm>
#include <cmath>

namespace onetake {

/// Measures the progress of a take that is being recorded. Thread-bound.
class ProgressMeter {
 public:
    explicit ProgressMeter(HostTime start) : start_(start), time_(start) {}

    Progress measure(HostTime now, const TakeSink& sink) {
        const auto counts = sink.counts();
        const auto bytes = counts.video_bytes + counts.audio_bytes + counts.data_bytes;
        if (const double since = to_seconds(now - time_); since >= 1) {
            fps_ = static_cast<double>(counts.frames - frames_) / since;
            bytes_per_s_ = static_cast<double>(bytes - bytes_) / since;
            time_ = now;
            frames_ = counts.frames;
            bytes_ = bytes;
        }
        Progress p;
        p.elapsed_s = to_seconds(now - start_);
        p.frames = counts.frames;
        p.lost = counts.lost;
        p.fps = fps_;
        if (const auto peak = sink.audio_peak(now)) p.audio_level_db = 20 * std::log10(std::max(*peak, 1e-5));
        p.disk_bytes_left = sink.take().room_left().value_or(DiskRoom{}).bytes;
        if (bytes_per_s_ > 0) p.disk_minutes_left = static_cast<double>(p.disk_bytes_left) / bytes_per_s_ / 60;
        return p;
    }

 private:
    const HostTime start_;
    HostTime time_;  // of the last rates
    std::uint64_t frames_ = 0, bytes_ = 0;
    double fps_ = 0, bytes_per_s_ = 0;
};

}  // namespace onetake
