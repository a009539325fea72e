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
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

struct EncodeConfig;
struct RecorderConfig;

/// The audio of a rendered file.
struct AudioOutput {
    std::string codec = "aac";
    int sample_rate = 0;  ///< Hz; 0: that of each track
    bool mix = false;     ///< one track, of all of the take; `sample_rate` and `channels` are then set
    int channels = 0;     ///< of the mix: 1 or 2
};

/// Further tags of a track by its title, for containers that have any (Matroska); may be empty.
using TrackTags = std::function<std::vector<std::pair<std::string, std::string>>(const std::string& title)>;

struct RenderOptions {
    std::string take_folder;
    std::string out_path;
    std::string command = "onetake process";  ///< that renders this take, for messages
    /// false: a file there is replaced only if it was made from the same take, and the new one is not lesser.
    bool replace_any = false;
    bool raw_audio_is_wanted = false;  ///< although there may be enhanced audio: it is then not lesser
    std::string codec = "auto", preset = "veryfast";
    int crf = 23;
    bool copy_encoded = true;  ///< copy the packets of encoded tracks; false: encode them anew
    PixelRange pixel_range = PixelRange::full;
    ContainerFormat container = ContainerFormat::mp4;
    int audio_bitrate = 128000;
    AudioOutput audio;
    TrackTags track_tags = {};
    double latency_offset_ms = 0;
    SyncReference sync_reference = SyncReference::system;
    std::optional<double> cfr;     ///< constant frame rate, with a frame map beside the file
    ProgressCallback on_progress;  ///< from the rendering thread, about twice a second; may be empty
    std::stop_token cancel;        ///< ends the rendering, which then leaves no file
    EnhancedAudioReader enhanced;  ///< used in place of the raw audio, where there is any
    /// Of a take that is being recorded, if known: the index is then reserved at the front of the file. 0: unknown.
    Duration expected_length{};
};

struct RenderReport {
    std::string path;
    std::uint64_t bytes = 0;
    std::string codec;         ///< of the first video track; empty without video
    std::string audio;         ///< in the file: "recorded", "enhanced" or "none"
    std::uint64_t frames = 0;  ///< in the file, all video tracks
    HostTime origin;           ///< the instant of time 0
    Duration duration{};       ///< of the media
    std::vector<TrackLoss> losses;
    std::vector<std::string> notes;
};

/// Whether encoded tracks are copied: nothing was asked for that needs an encoder.
bool copies_encoded_tracks(const EncodeConfig& config);

/// Options for rendering a take as a recorder is configured.
RenderOptions render_options(const RecorderConfig& config, const std::string& name);

/// Tries what rendering a take with these tracks will need: the encoders, the folder and its free space. Leaves no
/// file. Errors: already_exists if the file exists; invalid_argument, unsupported, missing_part of an encoder; those of
/// the folder; no_space.
Status try_rendering(const RenderOptions& options, const RecorderConfig& config);

/// Renders a take to a file: its JPEGs decoded to planes and encoded, each with its stamp as PTS; its audio on the same
/// timeline. Blocks until done; reading and decoding run on a thread of their own.
Result<RenderReport> render_take(const RenderOptions& options);

/// The same for a take that may still grow, with identical packets. `wait_for_more` is called when all stored data are
/// read: waits a moment, and returns false when nothing more will be stored. A file's tracks must be known when it
/// begins, so a track that comes later makes it begin again, at most once per 10 % of growth, and at the end.
Result<RenderReport> render_growing_take(const RenderOptions& options, RenderProgress& progress,
                                         std::function<bool()> wait_for_more);

}  // namespace onetake
