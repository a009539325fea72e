#pragma once

#include <onetake/export.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace onetake {

inline constexpr double kNotApplicable = std::numeric_limits<double>::quiet_NaN();

/// Accounting of every frame (or sample) of one track: expected == written + lost for any cause.
struct TrackCounters {
    std::string track;                 ///< "v1", "a1", "v2", "d1" …
    std::string kind;                  ///< "video" counts frames, "audio" samples per channel, "data" packets
    std::uint64_t expected = 0;        ///< produced by the device, as far as known
    std::uint64_t written = 0;         ///< on disk
    std::uint64_t dropped_queue = 0;   ///< lost because a queue was full
    std::uint64_t dropped_driver = 0;  ///< lost before they were received (V4L2 sequence gaps)
    std::uint64_t corrupt = 0;         ///< damaged, or could not be encoded
    std::uint64_t dropped_disk = 0;    ///< lost because a write failed
    /// For any cause.
    std::uint64_t lost() const { return dropped_queue + dropped_driver + corrupt + dropped_disk; }
    bool balanced() const { return expected == written + lost(); }
};

/// Measurements of a take. Times of the first video and the first audio track; sums over all tracks where stated.
struct Metrics {
    double duration_s = 0;                         ///< capture window
    std::uint64_t frames = 0;                      ///< written, all video tracks
    std::uint64_t dropped = 0;                     ///< lost because a queue was full, all video tracks
    double effective_fps = kNotApplicable;         ///< of the camera, from stamps; lost frames count
    double nominal_fps = kNotApplicable;           ///< granted by the camera, else configured
    int width = 0, height = 0;                     ///< pixels granted by the camera; 0: unknown, as of pushed frames
    std::string fourcc;                            ///< pixel format granted by the camera; empty: unknown
    double jpeg_kb_mean = kNotApplicable;          ///< 10^3 bytes per stored JPEG, all video tracks
    double grab_ms_mean = kNotApplicable;          ///< device fetch
    double retrieve_ms_mean = kNotApplicable;      ///< MJPG decode, where frames are decoded
    double encode_ms_mean = kNotApplicable;        ///< per frame, by JPEG or video encoder
    double write_latency_p95_ms = kNotApplicable;  ///< capture instant → on disk
    double write_latency_max_ms = kNotApplicable;
    int queue_max = 0;      ///< deepest queue, frames
    double video_mb = 0;    ///< 10^6 bytes of JPEGs or packets
    double video_mbps = 0;  ///< megabits per second of JPEGs or packets
    bool audio_enabled = false;
    std::uint64_t audio_samples = 0;                ///< per channel, first audio track
    std::uint64_t audio_xruns = 0;                  ///< blocks flagged by the device, all audio tracks
    double audio_block_jitter_ms = kNotApplicable;  ///< rms of block stamps about the fitted clock
    double soundcard_drift_ppm = kNotApplicable;    ///< audio clock against CLOCK_MONOTONIC; positive: card runs fast
    double camera_fps_label_error_ppm = kNotApplicable;     ///< (effective / nominal − 1) · 1e6
    double projected_av_skew_ms_per_hour = kNotApplicable;  ///< if played at nominal rates; the MP4 has none
    double loss_bound_s = kNotApplicable;  ///< most that a kill loses of an encoded track, at its nominal rate
    std::string encoder;
    std::string stamp_source;        ///< provenance of the first video track's stamps
    std::string audio_stamp_source;  ///< provenance of the first audio track's stamps
    bool denoise_enabled = false;
    std::string denoise_model;
    int denoise_out_sr = 0;
    double denoise_rt_factor = kNotApplicable;
    std::uint64_t gaps = 0;  ///< video over 0.2 s (or 3 frames), audio over 50 ms without media, all tracks
    double gap_s = 0;        ///< their total length, without the time from one frame to the next
    std::uint64_t disk_bytes_left = 0;
    double peak_memory_mb = 0;  ///< 10^6 bytes, largest resident size of the process so far
    std::string ended_early;    ///< why the take could not be continued or closed (disk full); else empty
    std::vector<TrackCounters> counters;
    std::vector<std::string> notes;  ///< fallbacks and warnings, one line each

    ONETAKE_API bool balanced() const;
    /// Whether any frame or sample is known to be lost.
    ONETAKE_API bool lossy() const;
};

/// The files and metrics of a take. The path of a file that was not written is empty.
struct TakeResult {
    std::string name;
    std::string id;          ///< unique among all takes; empty in takes from before there were ids
    std::string frames_dir;  ///< of the first video track: its JPEGs, or the parts of an encoded track
    std::string wav_path;
    std::string enhanced_wav_path;
    std::string manifest_path;
    std::string mp4_path;
    std::uint64_t mp4_bytes = 0;        ///< of the file at mp4_path
    std::uint64_t mp4_frames = 0;       ///< in it, all video tracks
    std::string mp4_codec;              ///< of its video: "h264"; empty without video
    std::string mp4_audio;              ///< in it: "recorded", "enhanced" or "none"
    std::vector<std::string> failures;  ///< what was asked for and not done, and why, a line each; also in the notes
    Metrics metrics;
};

/// The result as one JSON object; NaN becomes null.
ONETAKE_API std::string to_json(const TakeResult& result);

}  // namespace onetake
