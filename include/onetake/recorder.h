#pragma once

#include <onetake/config.h>
#include <onetake/enhanced_audio.h>
#include <onetake/event.h>
#include <onetake/image.h>
#include <onetake/markers.h>
#include <onetake/metrics.h>
#include <onetake/progress.h>
#include <onetake/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace onetake {

struct StartOptions {
    /// Of the take; empty: a local-time stamp. "{n}" in it counts: the number after the highest there is.
    std::string name;
    bool make_mp4 = true;  ///< whether stop() will be asked for the file: it is then rendered while recording
    bool enhance = true;   ///< whether stop() will be asked for enhanced audio
    /// Cancels enhancement and rendering of this take, now and after stop(): they leave no file, the take is kept.
    std::stop_token cancel;
};

struct ProcessOptions {
    bool make_mp4 = true;
    std::optional<bool> enhance;  ///< unset: as configured
    bool force = false;           ///< replaces an output file of another take, or a better one of this take
    std::stop_token cancel;       ///< the call then fails with `cancelled`; no file is left, the take is unchanged
};

/// The take recorder: camera and microphone (or pushed media, or the test source) → a take on disk → an MP4.
///
/// Ownership: owns its threads, devices and files; a destroyed recorder stops a running take (without rendering).
/// Threads: push_video(), push_jpeg(), push_audio(), push_data(), mark(), is_recording() and request_stop() may be
/// called from any number of threads at once; the other calls from one thread at a time. Callbacks come on the
/// recorder's threads: of each kind, one call at a time. They may push, and call is_recording(), request_stop() and
/// config(); all other calls fail with wrong_state there. An exception that leaves a callback is noted and goes no
/// further. A recorder must not be destroyed or moved in its own callback. Times: `t` is seconds on CLOCK_MONOTONIC;
/// without it the time of arrival is used. Tracks: `track` is the index in RecorderConfig::video, ::audio or ::data;
/// pushed and device tracks may share a take.
class ONETAKE_API AVRecorder {
 public:
    /// Checks the configuration; opens no device yet. Errors: invalid_argument; io without a file descriptor left.
    static Result<AVRecorder> create(RecorderConfig config = {});
    AVRecorder(AVRecorder&&) noexcept;
    AVRecorder& operator=(AVRecorder&&) noexcept;
    AVRecorder(const AVRecorder&) = delete;
    AVRecorder& operator=(const AVRecorder&) = delete;
    ~AVRecorder();

    /// start(), wait for `duration_s`, stop(). A request of `stop` ends the wait early, as request_stop() does. Errors:
    /// those of both.
    Result<TakeResult> record(double duration_s, const StartOptions& options, std::stop_token stop = {});
    Result<TakeResult> record(double duration_s, const std::string& name = "", bool make_mp4 = true,
                              bool enhance = true);
    /// Tries what the take's outputs will need (encoders, preset, folder, free space, model), opens the devices and
    /// begins. Errors: wrong_state while recording or after close(); a bad or existing name; already_exists if the
    /// output file exists; what can't be encoded, written or enhanced; no camera. A missing microphone is a `fallback`
    /// event, and an error only where it is required or there is no video track.
    Status start(const StartOptions& options);
    Status start(const std::string& name = "");
    /// Ends the take and closes it, then renders if requested. What fails after the take is in the result's `failures`;
    /// the take is kept. Errors: wrong_state without a running take; io if nothing of the take is left.
    Result<TakeResult> stop(bool make_mp4 = true, bool enhance = true);
    /// Stops a running take without rendering, for good: later calls of start(), record() and process() fail with
    /// wrong_state. Idempotent. Errors: those of stop().
    Status close();
    bool is_recording() const;
    /// Ends the running record() as at the end of its duration; without one, the next. What is requested while a take
    /// is being closed is ignored. Async-signal-safe.
    void request_stop() noexcept;

    /// Pushes an image: copied. All frames of a track must have the size of its first.
    /// Blocks while the queue is full if on_full is block; a frame dropped because the queue is full is counted, not an
    /// error. Errors, of all push functions: wrong_state without a running take; refused, and nothing lost, for a wrong
    /// size, a `t` that is not later than the track's last or over 24 h from now, a track that is not pushed; refused
    /// while the take is stopped, counted as lost if it waited already; no_space once the disk is full, counted as
    /// lost.
    Status push_video(const ImageView& image, std::optional<double> t = {}, int track = 0);
    /// Pushes a BGR image and moves its bytes: no copy. `pixels` are 3 · width · height bytes.
    Status push_video(std::vector<std::uint8_t>&& pixels, int width, int height, std::optional<double> t = {},
                      int track = 0);
    /// Pushes an image that `owner` keeps valid and unchanged until it is released: no copy.
    Status push_video(const ImageView& image, std::shared_ptr<const void> owner, std::optional<double> t = {},
                      int track = 0);
    /// Pushes a JPEG file's bytes, stored unchanged. Refused if truncated or not a JPEG.
    Status push_jpeg(std::span<const std::uint8_t> jpeg, std::optional<double> t = {}, int track = 0);
    /// Pushes audio: interleaved, `channels` of the track's configuration. `t`: instant of the first sample.
    Status push_audio(std::span<const std::int16_t> samples, std::optional<double> t = {}, int track = 0);
    /// The same in [-1, 1]; values beyond are clipped, NaN becomes silence.
    Status push_audio(std::span<const float> samples, std::optional<double> t = {}, int track = 0);

    /// Pushes a packet of a data track (RecorderConfig::data): 1 byte to 16 MiB, copied and stored unchanged. `t`: its
    /// instant. Never blocks: a packet beyond 4096, or 64 MiB, that wait for a slow disk is dropped and counted.
    Status push_data(std::span<const std::uint8_t> bytes, std::optional<double> t = {}, int track = 0);

    /// Sets a marker at `t`, else now: `text`, 1 to kLongestMarker bytes of UTF-8; control characters become spaces.
    /// Errors: wrong_state without a running take; refused for such a text, more than kMarkersPerSecond, or a `t` over
    /// 24 h from now.
    Status mark(std::string_view text, std::optional<double> t = {});

    /// Renders a stored take; blocks until that is done. Opens no device. An output file that belongs to another take,
    /// or is better than the new one (more frames, enhanced audio), is kept unless `force`. Errors: already_exists,
    /// refused for such a file; wrong_state while recording; invalid_argument for a bad name; not_found; corrupt;
    /// cancelled.
    Result<TakeResult> process(const std::string& name, const ProcessOptions& options);
    Result<TakeResult> process(const std::string& name, bool make_mp4 = true, std::optional<bool> enhance = {});

    /// Called with every event (EventKind) as it happens, in order; stop() and process()
    /// return after the last was passed on. A slow callback holds up nothing; if 4096 events wait, later ones are left
    /// out and their number is reported. Without a callback, all but notes, fallbacks and losses go to stderr. Set
    /// while not recording.
    void on_event(EventCallback callback);
    /// Called about twice a second while recording and rendering. Set while not recording.
    void on_progress(ProgressCallback callback);
    /// Called with the enhanced audio of the first microphone while recording, shortly after its capture: every sample
    /// once, in order. Needs `enhance.wanted()` and `enhance.live`. A slow callback falls behind without other effect;
    /// stop() delivers the remaining audio before it returns. If enhancement fails, no more is delivered, and there is
    /// a note. Set while not recording.
    void on_enhanced_audio(EnhancedAudioCallback callback);
    const RecorderConfig& config() const;

 private:
    class Impl;
    explicit AVRecorder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
