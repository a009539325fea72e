#pragma once

#include <onetake/metrics.h>

#include <cstdint>
#include <functional>

namespace onetake {

/// Progress of a running take or a rendering. Durations in seconds.
struct Progress {
    double elapsed_s = 0;                    ///< since start
    std::uint64_t frames = 0;                ///< written so far
    double fps = 0;                          ///< over the last second or so
    std::uint64_t lost = 0;                  ///< frames lost so far, for any cause
    double audio_level_db = kNotApplicable;  ///< peak of the last block, dB of full scale
    std::uint64_t disk_bytes_left = 0;
    double disk_minutes_left = kNotApplicable;  ///< at the present rate
    double enhance_fraction = kNotApplicable;   ///< of speech enhancement before rendering: 0 … 1
    double render_fraction = kNotApplicable;    ///< of rendering: 0 … 1
    double render_speed = kNotApplicable;       ///< media seconds per second
    double render_eta_s = kNotApplicable;
};
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace onetake
