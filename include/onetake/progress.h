#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace onetake {

/// Progress of a recorder. Durations in seconds. Which fields are set depends on the phase.
struct Progress {
    enum class Phase {
        recording,  ///< a take is being recorded
        enhancing,  ///< speech enhancement of a stored take
        rendering,  ///< a file is being made from a take
    };
    Phase phase = Phase::recording;
    double elapsed_s = 0;      ///< since the start of the phase
    std::uint64_t frames = 0;  ///< recording, rendering: written so far
    double fps = 0;            ///< recording: over the last second or so; rendering: on average

    // recording
    std::uint64_t lost = 0;                ///< frames lost so far, for any cause
    std::optional<double> audio_level_db;  ///< peak of the last block, dB of full scale; unset without audio, and from
                                           ///< a second after the next was due
    std::uint64_t disk_bytes_left = 0;
    std::optional<double> disk_minutes_left;  ///< at the present rate; unset until that is known

    // enhancing, rendering
    double fraction = 0;          ///< of the phase: 0 … 1
    double speed = 0;             ///< rendering: media seconds per second; 0 until that is known
    std::optional<double> eta_s;  ///< rendering: until its end; unset until that is known
};
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace onetake
