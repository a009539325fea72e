#pragma once

#include "base/error.h"

#include <onetake/config.h>
#include <onetake/recorder.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace onetake {

struct RenderOptions {
    std::string take_folder;
    std::string out_path;  ///< replaced if it is an earlier rendering
    std::string codec = "auto", preset = "veryfast";
    int crf = 23;
    PixelRange pixel_range = PixelRange::full;
    ContainerFormat container = ContainerFormat::mp4;
    int audio_bitrate = 128000;
    double latency_offset_ms = 0;
    ProgressCallback on_progress;               ///< from the rendering thread, about twice a second; may be empty
    const std::atomic<bool>* cancel = nullptr;  ///< becomes true: stop, leave no file
};

struct RenderReport {
    std::string path;
    std::uint64_t frames = 0;       ///< in the file, all video tracks
    std::uint64_t lost_frames = 0;  ///< in the journal, but missing or damaged on disk
    std::vector<std::string> notes;
};

/// Options for rendering a take as a recorder is configured.
RenderOptions render_options(const RecorderConfig& config, const std::string& name);

/// Plays a take into a file: its JPEGs decoded to planes and encoded, each with its stamp as PTS; its sound laid on the
/// same timeline. Blocks until done; decoding has a thread of its own.
Result<RenderReport> render_take(const RenderOptions& options);

}  // namespace onetake
