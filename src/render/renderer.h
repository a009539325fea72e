#pragma once

#include "base/error.h"
#include "render/enhanced_audio_reader.h"
#include "render/media_reader.h"
#include "render/render_progress.h"

#include <onetake/container_format.h>
#include <onetake/pixel_range.h>
#include <onetake/progress.h>
#include <onetake/sync_reference.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

struct RecorderConfig;

struct RenderOptions {
    std::string take_folder;
    std::string out_path;  ///< replaced if it is an earlier rendering
    std::string codec = "auto", preset = "veryfast";
    int crf = 23;
    PixelRange pixel_range = PixelRange::full;
    ContainerFormat container = ContainerFormat::mp4;
    int audio_bitrate = 128000;
    double latency_offset_ms = 0;
    SyncReference sync_reference = SyncReference::system;
    std::optional<double> cfr;        ///< constant frame rate, with a map beside the file
    ProgressCallback on_progress;     ///< from the rendering thread, about twice a second; may be empty
    std::function<bool()> cancelled;  ///< asked often, from the rendering thread; true: stop, leave no file
    EnhancedAudioReader enhanced;     ///< taken in place of the raw sound, where there is any
    /// How long the take will be, where a recording that is followed knows it: room for the index is kept in front.
    Duration expected_length{};
};

struct RenderReport {
    std::string path;
    std::uint64_t frames = 0;  ///< in the file, all video tracks
    std::vector<TrackLoss> losses;
    std::vector<std::string> notes;
};

/// Options for rendering a take as a recorder is configured.
RenderOptions render_options(const RecorderConfig& config, const std::string& name);

/// Plays a take into a file: its JPEGs decoded to planes and encoded, each with its stamp as PTS; its sound laid on the
/// same timeline. Blocks until done; reading and decoding have a thread of their own.
Result<RenderReport> render_take(const RenderOptions& options);

/// The same of a take that may still grow, to packets that are the same. `wait_for_more` is called where nothing more
/// is known: waits a moment; false: nothing more will come.
Result<RenderReport> render_growing_take(const RenderOptions& options, RenderProgress& progress,
                                         std::function<bool()> wait_for_more);

}  // namespace onetake
