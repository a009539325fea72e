#pragma once

#include <onetake/devices.h>
#include <onetake/result.h>
#include <onetake/version.h>

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

struct SelftestOptions {
    double duration_s = 6;  ///< 3 to 600
    int width = 640, height = 360;
    double fps = 30;
    double limit_ms = 1;     ///< the largest error between video and audio that passes
    std::string folder;      ///< where to record: its disk is measured; empty: the system's temporary folder
    std::stop_token cancel;  ///< ends the test early; its files are removed
};

/// One condition of the self-test.
struct SelftestCheck {
    std::string name;
    bool passed = false;
    std::string detail;
};

struct SelftestReport {
    std::vector<SelftestCheck> checks;
    double worst_ms = 0;  ///< error of the pair of flash and beep with the largest one; positive: audio late
    double mean_ms = 0;   ///< of all pairs
    std::size_t pairs = 0;
    double worst_frame_us = 0;  ///< largest difference between a frame's time in the MP4 and its stamp
    std::uint64_t frames = 0;   ///< in the take
    std::uint64_t lost = 0;     ///< frames lost because this machine was too slow
    double render_s = 0;        ///< from the end of the recording to the complete MP4
    double disk_mb_per_s = 0;   ///< written and synced, 10^6 bytes
    std::vector<Capability> capabilities;
    std::vector<VideoDeviceInfo> cameras;
    std::vector<AudioDeviceInfo> microphones;
    std::string microphone_problem;  ///< why they can't be listed; else empty
    std::vector<std::string> notes;

    /// Whether every check passed.
    ONETAKE_API bool passed() const;
};

/// Records the test source's flashes and beeps, renders the MP4, decodes it, and measures its sync error. All files are
/// removed again, also on errors. Blocks for some 3 s more than the duration. Errors: those that prevent measuring;
/// cancelled. An MP4 out of sync is not an error but a check that did not pass.
ONETAKE_API Result<SelftestReport> selftest(const SelftestOptions& options = {});

/// The report as one JSON object.
ONETAKE_API std::string to_json(const SelftestReport& report);

}  // namespace onetake
