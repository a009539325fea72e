#pragma once

#include <onetake/container_format.h>
#include <onetake/export.h>
#include <onetake/on_full.h>
#include <onetake/pixel_range.h>
#include <onetake/result.h>
#include <onetake/source_kind.h>
#include <onetake/subsample.h>
#include <onetake/sync_reference.h>

#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// All settings of a recorder, with their defaults. Plain data; checked by validate() and
/// AVRecorder::create(). config_fields.h lists the same fields with their help texts, ranges and flags.
struct RecorderConfig {
    int width = 1280;                ///< pixels requested from the camera; the granted size is in the result
    int height = 720;                ///< pixels
    double fps = 30.0;               ///< frames per second requested from the camera
    std::string video_device = "0";  ///< index, /dev/videoN, or a link under /dev/v4l/by-id
    std::vector<std::string> more_video_devices;  ///< further cameras, one more video track each
    std::string fourcc = "MJPG";                  ///< pixel format requested from the camera
    bool convert_rgb = true;                      ///< false: the camera's own JPEGs are stored unchanged
    std::optional<int> buffersize;                ///< V4L2 buffers; unset: the recorder's choice for the driver
    std::vector<std::string> v4l2_controls = {"exposure_dynamic_framerate=0"};  ///< `control=value`, set at open
    int warmup = 15;  ///< frames discarded before the take starts

    bool video = true;                            ///< false: audio only
    bool audio = true;                            ///< false: video only
    std::string audio_device;                     ///< index or part of a name; empty: the system's default
    std::vector<std::string> more_audio_devices;  ///< further microphones, one more audio track each
    int sample_rate = 48000;                      ///< Hz
    int channels = 1;
    int blocksize = 1024;     ///< samples per channel and block
    bool calibration = true;  ///< store the offset that was measured for these devices in the take

    std::string encoder = "turbojpeg";  ///< JPEG encoder
    int quality = 90;                   ///< JPEG quality
    Subsample subsample = Subsample::s420;
    bool progressive = false;  ///< progressive JPEG: smaller, several times slower
    int workers = 2;           ///< threads that encode JPEGs
    int queue_size = 64;       ///< frames per track that may be queued for encoder and disk
    OnFull on_full = OnFull::drop;
    bool fsync = false;  ///< true: every write reaches the disk before the next
    SourceKind source = SourceKind::device;

    bool denoise = false;
    std::string denoise_model;  ///< path of a DPDFNet model
    int denoise_num_threads = 1;
    std::string denoise_provider = "cpu";
    bool denoise_live = true;                 ///< enhance while recording; false: after stop()
    double denoise_attenuation_limit_db = 0;  ///< noise is lowered by at most this; 0: no limit

    std::string codec = "auto";       ///< video encoder of the MP4
    std::string preset = "veryfast";  ///< the encoder's preset
    int crf = 23;                     ///< constant quality; lower is better and larger
    PixelRange pixel_range = PixelRange::full;
    ContainerFormat container = ContainerFormat::mp4;
    SyncReference sync_reference = SyncReference::system;
    std::optional<double> cfr;         ///< constant frame rate of the MP4, with a frame map beside it; unset: variable
    bool instant_mp4 = true;           ///< render while recording, so that the MP4 is complete a moment after stop
    int audio_bitrate = 128000;        ///< bits/s of the MP4's audio, per track
    double latency_offset_ms = 0;      ///< added to every audio stamp when rendering; positive: audio later
    std::string data_dir = "av_data";  ///< takes
    std::string processed_dir = "processed_av";  ///< rendered files
};

/// Checks all fields. The error names the first field out of range, its value and what is allowed.
ONETAKE_API Status validate(const RecorderConfig& config);

}  // namespace onetake
