#pragma once

#include <onetake/config.h>
#include <onetake/result.h>

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

/// The constant offset between a microphone and a camera, as measured.
struct OffsetReport {
    double offset_ms = 0;      ///< positive: audio is late
    double error_ms = 0;       ///< the true offset is within ± this, apart from the light's own delay (see notes)
    double scatter_ms = 0;     ///< latest pair of flash and beep minus the earliest
    std::size_t pairs = 0;     ///< used for the estimate
    std::size_t left_out = 0;  ///< too far from the others
    std::size_t lone_flashes = 0, lone_beeps = 0;  ///< without a partner
    std::string camera, microphone, fourcc;
    int width = 0, height = 0;  ///< pixels
    double fps = 0;
    std::string stored_in;  ///< file in which the offset was stored; empty: not stored
    std::vector<std::string> notes;
};

struct CalibrateOptions {
    /// A take in the data folder with flashes and beeps; empty: record one with the configured devices, with flashes on
    /// a screen and beeps from the loudspeaker.
    std::string take;
    bool store = true;      ///< store the offset for later takes of these devices in this format
    double tone_hz = 1000;  ///< pitch of a take's beeps
    int flashes = 16;
    double screen_delay_ms = 30;  ///< from show_flash() to the light
    /// Makes a screen in view of the camera bright or dark. Called on the thread that called calibrate(). Required
    /// without `take`.
    std::function<void(bool lit)> show_flash;
    std::stop_token cancel;  ///< ends the calibration early; nothing is stored
};

/// Measures the offset between the first microphone and the first camera of `config`, or of a take, and stores it.
/// Later takes contain it, and rendering shifts their audio by it. Blocks: some 30 s with devices. Errors: refused if
/// there are too few pairs of flash and beep or they scatter too much; cancelled; those of the devices and of the take.
ONETAKE_API Result<OffsetReport> calibrate(const RecorderConfig& config, const CalibrateOptions& options);

/// Writes a measured offset into a take that was recorded before, as if it had been known then; it replaces the one the
/// take has. The next rendering uses it. Stamps and media stay as they are; the journal is replaced as a whole, or not
/// at all, and the manifest made anew. Errors: those of the take; refused for other devices or another format than
/// measured; wrong_state for a take that is being recorded or was not closed; io, no_space.
ONETAKE_API Status apply_offset(const std::string& data_dir, const std::string& take, const OffsetReport& measured);

/// The report as one JSON object.
ONETAKE_API std::string to_json(const OffsetReport& report);

}  // namespace onetake
