#pragma once

#include "base/error.h"
#include "render/enhanced_audio_reader.h"
#include "render/media_reader.h"
#include "render/render_progress.h"

#include <onetake/container_format.h>
#include <onetake/pixel_range.h>
#include <onetake/progress.h>
#include <onetake/sync_reference.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
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
    EnhancedAudioReader enhanced;           ///< taken in place of the raw sound, where there is any
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

/// Renders a take while it is recorded, at low priority, so that the file is there a moment after the take ends. Reads
/// only what the take holds; the packets are those that render_take() would make later.
class FollowingRender {
 public:
    explicit FollowingRender(RenderOptions options);
    FollowingRender(const FollowingRender&) = delete;
    FollowingRender& operator=(const FollowingRender&) = delete;
    /// Gives up, leaving no file.
    ~FollowingRender();

    void start();
    /// The take is written to its end, `length` long: the rest is rendered now.
    void take_is_complete(Duration length);
    /// Waits for the end of the rendering, after take_is_complete(). Once.
    Result<RenderReport> wait();

 private:
    bool wait_for_more();

    RenderOptions options_;
    std::atomic<bool> given_up_{false};
    RenderProgress progress_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool complete_ = false;  // guarded by mutex_
    Result<RenderReport> result_;
    std::thread thread_;
};

}  // namespace onetake
