#pragma once

#include <onetake/config.h>
#include <onetake/metrics.h>
#include <onetake/mux.h>
#include <onetake/result.h>

#include <memory>
#include <string>

namespace onetake {

struct SidecarConfig {
    std::string feed = "sidecar";      ///< begins the names of takes and WAVs
    AudioTrackConfig microphone;       ///< its source: a device or the test source
    std::string data_dir = "av_data";  ///< takes
    bool fsync = false;                ///< true: every write reaches the disk before the next
};

/// What SidecarAudio::start() reports.
struct SidecarStart {
    double audio_start = 0;       ///< stamp of the first sample, s on CLOCK_MONOTONIC
    double audio_start_unix = 0;  ///< the same instant, s since 1970 UTC
    std::string take;             ///< absolute path of the take's folder
    std::string wav_path;         ///< absolute path of `{feed}_aud_{ULID}.wav`, which grows while recording
};

/// Records a microphone while another program records its own video, and adds the audio to that file afterwards
/// (docs/sidecar.md). Each recording is a take with audio only, `{feed}_aud_{ULID}` in the data folder, so it survives
/// a crash as every take does; a symbolic link beside it, `{feed}_aud_{ULID}.wav`, leads to its WAV.
///
/// Ownership: owns its threads, device and files; destroyed while recording, it stops and closes the take.
/// Threads: one at a time. Times: seconds on CLOCK_MONOTONIC.
class ONETAKE_API SidecarAudio {
 public:
    /// Checks the configuration; opens nothing yet. Errors: invalid_argument, also for a feed that can't be part of a
    /// file name.
    static Result<SidecarAudio> create(SidecarConfig config = {});
    SidecarAudio(SidecarAudio&&) noexcept;
    SidecarAudio& operator=(SidecarAudio&&) noexcept;
    SidecarAudio(const SidecarAudio&) = delete;
    SidecarAudio& operator=(const SidecarAudio&) = delete;
    ~SidecarAudio();

    /// Returns when the first sample has been captured and stored. Errors: timed_out, naming the microphone, if there
    /// is none within 2 s, even if its driver hangs: the call returns then, and its empty take is removed as soon as
    /// the driver lets go; those of the device and the disk; wrong_state while recording. After an error start() may be
    /// called again.
    Result<SidecarStart> start();
    /// Ends the recording and closes the take. Errors: wrong_state without start(); those of AVRecorder::stop().
    Result<TakeResult> stop();
    bool is_recording() const;
    /// Whether recording has ended by itself, because the disk is full or can't be written. Call stop() then.
    bool ended_early() const;

    /// Adds the recorded audio to `video`, whose first frame was captured at `video_start`: mux_audio() with the take.
    /// As there, a mux that fails changes nothing and may be repeated. Errors: wrong_state while recording or without a
    /// recording; those of mux_audio().
    Result<MuxResult> mux(const std::string& video, double video_start, const MuxOptions& options = in_place());
    /// The options of mux() by default: the result replaces the video; then the take and its WAV are deleted.
    static MuxOptions in_place();
    /// The `onetake mux` command for the last recording. The program that made the video knows its file and its start:
    /// VIDEO and VIDEO_START stand for them. Empty without a recording.
    std::string mux_command() const;

 private:
    class Impl;
    explicit SidecarAudio(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
