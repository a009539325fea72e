#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

/// How mux_audio() places the audio beside the video, and where the result goes. Times are seconds.
///
/// The audio begins delta = audio_start − video_start after the video's first frame: a positive delta delays it behind
/// silence, a negative one cuts off its beginning, both to the sample.
struct MuxOptions {
    std::optional<double> delta;  ///< audio_start − video_start, where those two are unset
    /// Instant of the video's first frame. For a take on CLOCK_MONOTONIC, unless `audio_start` is set. Unset: the first
    /// of `video_timestamps`.
    std::optional<double> video_start;
    /// Instant of the first sample, on the clock of `video_start`. Needed for a WAV. For a take: what start() or
    /// `onetake sidecar` reported, in seconds of either clock; unset: the take's own stamps.
    std::optional<double> audio_start;
    /// A file with one decimal second per frame, in the order of presentation: the frames get these times, less the
    /// first. Their number must be that of the frames. Not for AVI, which has only a constant rate. Empty: the video
    /// keeps its times.
    std::string video_timestamps;

    bool overwrite_in_place = true;  ///< the result replaces the video, by rename; it keeps the file's permissions
    /// Where the result goes if it does not replace the video. The extension sets the container: mp4, m4v, mov, mkv,
    /// avi. Empty: `<video>_with_audio.<extension>` beside the video.
    std::string out_path;
    bool replace_out = false;    ///< an existing file at `out_path` is replaced
    bool shortest = false;       ///< end with the shorter of video and audio; false: keep both to their ends
    bool delete_audio = false;   ///< delete the WAV, or the take unless it has other tracks, once the result is on disk
    int audio_bitrate = 192000;  ///< bits/s of the AAC track; AVI gets 16-bit PCM instead
    std::stop_token cancel;      ///< ends the call with cancelled; nothing is changed
};

struct MuxResult {
    std::string path;
    double delta_s = 0;                    ///< from the video's first frame to the first sample; negative: cut off
    std::uint64_t video_frames = 0;        ///< in the result
    double video_s = 0, audio_s = 0;       ///< their ends in the result
    std::uint64_t audio_samples_lost = 0;  ///< named by the take's journal, but missing on disk
    std::uint64_t bytes = 0;
    bool audio_deleted = false;
    std::vector<std::string> notes;     ///< a line each
    std::vector<std::string> failures;  ///< what was asked for and not done, and why, a line each; the file is there
};

/// Adds audio to a video file that another program made: MP4, MOV, Matroska or AVI. The video's packets are copied as
/// they are. `audio` is a take's folder or its WAV (its first audio track, corrected for the drift of the sound card's
/// clock), or another 16-bit PCM WAV (at its label rate). Blocks until the result is on disk.
///
/// The result is written beside its final name, synced and renamed: after a failure, or a crash at any instant, the
/// video is the old or the new file, complete, and the audio is unchanged. Audio tracks that the file has already are
/// kept.
/// Errors: invalid_argument for times that are missing, contradict each other or put the audio where the video is not,
/// and for a number of timestamps that is not that of the frames (both are in the message); not_found; corrupt for a
/// file that is damaged or not complete; unsupported for what the container can't hold; already_exists; wrong_state for
/// a take that is being recorded or a video that is being written; no_space and io of the disk; cancelled.
ONETAKE_API Result<MuxResult> mux_audio(const std::string& video, const std::string& audio, const MuxOptions& options);

/// The ffmpeg command with the same result, without the correction for drift. Reads both files, writes nothing.
/// Errors: those of mux_audio(); unsupported with `video_timestamps`, which ffmpeg has no option for.
ONETAKE_API Result<std::string> ffmpeg_command(const std::string& video, const std::string& audio,
                                               const MuxOptions& options);

ONETAKE_API std::string to_json(const MuxResult& result);

}  // namespace onetake
