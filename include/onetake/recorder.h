#pragma once

#include <onetake/config.h>
#include <onetake/enhanced_audio.h>
#include <onetake/metrics.h>
#include <onetake/progress.h>
#include <onetake/result.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// A BGR frame to push. Rows `stride` bytes apart (0: 3 · width).
struct BgrImage {
    int width = 0, height = 0;
    int stride = 0;
    std::span<const std::uint8_t> pixels;
};

/// The take recorder: camera and microphone (or pushed media, or the test source) → a take on disk → an MP4.
///
/// Ownership: owns its threads, devices and files; a destroyed recorder stops a running take (without rendering).
/// Threads: push_video() and push_audio() may be called from any number of threads at once; the other calls from one
/// thread at a time. Callbacks are called on the recorder's threads.
/// Times: `t` is seconds on CLOCK_MONOTONIC; without it the time of arrival is used.
class ONETAKE_API AVRecorder {
 public:
    /// Checks the configuration; opens nothing yet.
    static Result<AVRecorder> create(RecorderConfig config = {});
    AVRecorder(AVRecorder&&) noexcept;
    AVRecorder& operator=(AVRecorder&&) noexcept;
    AVRecorder(const AVRecorder&) = delete;
    AVRecorder& operator=(const AVRecorder&) = delete;
    ~AVRecorder();

    /// start(), wait for `duration_s`, stop(). Errors: those of both.
    Result<TakeResult> record(double duration_s, const std::string& name = "", bool make_mp4 = true,
                              bool enhance = true);
    /// Opens the devices and begins. An empty name becomes a local-time stamp. Errors: wrong_state while recording; a
    /// bad or existing name; no camera. A missing microphone is a note, not an error.
    Status start(const std::string& name = "");
    /// Ends the take and closes it, then renders if requested. If rendering fails, that is a note; the take is kept.
    Result<TakeResult> stop(bool make_mp4 = true, bool enhance = true);
    bool is_recording() const;
    /// Makes record() return early, as at the end of its duration. Async-signal-safe, from any thread.
    void request_stop() noexcept;
    /// Cancels the current rendering, or the next one: it leaves no file, and the take is unchanged. process() then
    /// fails with cancelled. Async-signal-safe, from any thread.
    void cancel_rendering() noexcept;

    /// Pushes a frame: copied. All frames of a track must have the size of its first.
    /// Errors (refused, nothing lost): wrong size, bad stamp, another source. Blocks while the queue is full if on_full
    /// is block; a frame dropped because the queue is full is counted, not an error.
    Status push_video(const BgrImage& image, std::optional<double> t = {}, int track = 0);
    /// Pushes a frame and moves its bytes: no copy. `pixels` are 3 · width · height bytes.
    Status push_video(std::vector<std::uint8_t>&& pixels, int width, int height, std::optional<double> t = {},
                      int track = 0);
    /// Pushes a frame that `owner` keeps valid and unchanged until it is released: no copy.
    Status push_video(const BgrImage& image, std::shared_ptr<const void> owner, std::optional<double> t = {},
                      int track = 0);
    /// Pushes a JPEG file's bytes, stored unchanged. Refused if truncated or not a JPEG.
    Status push_jpeg(std::span<const std::uint8_t> jpeg, std::optional<double> t = {}, int track = 0);
    /// Pushes audio: interleaved, `channels` of the configuration. `t`: instant of the first sample.
    Status push_audio(std::span<const std::int16_t> samples, std::optional<double> t = {}, int track = 0);
    /// The same in [-1, 1]; values beyond are clipped, NaN becomes silence.
    Status push_audio(std::span<const float> samples, std::optional<double> t = {}, int track = 0);

    /// Renders a stored take. `enhance` unset: if a model is configured. Opens no device.
    Result<TakeResult> process(const std::string& name, bool make_mp4 = true, std::optional<bool> enhance = {});

    /// Called about twice a second while recording and rendering. Set while not recording.
    void on_progress(ProgressCallback callback);
    /// Called with the enhanced audio of the first microphone while recording, shortly after its capture: every sample
    /// once, in order. Needs denoise and denoise_live. A slow callback falls behind without other effect; stop()
    /// delivers the remaining audio before it returns. If enhancement fails, no more is delivered, and there is a note.
    /// Set while not recording.
    void on_enhanced_audio(EnhancedAudioCallback callback);
    const RecorderConfig& config() const;

 private:
    class Impl;
    explicit AVRecorder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
