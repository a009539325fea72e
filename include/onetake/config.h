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

/// Everything a recorder can be told, with the defaults it uses. Plain data; checked by validate() and
/// AVRecorder::create(). config_fields.h lists the same fields with their texts, ranges and spellings.
struct RecorderConfig {
    int width = 1280;                             ///< pixels asked of the camera; what it granted is in the result
    int height = 720;                             ///< pixels
    double fps = 30.0;                            ///< frames per second asked of the camera
    std::string video_device = "0";               ///< index, /dev/videoN, or a link under /dev/v4l/by-id
    std::vector<std::string> more_video_devices;  ///< further cameras, one more video track each
    std::string fourcc = "MJPG";                  ///< pixel format asked of the camera
    bool convert_rgb = true;                      ///< false: the camera's own JPEGs are stored untouched
    std::optional<int> buffersize;                ///< V4L2 buffers; unset: the recorder's choice for the driver
    std::vector<std::string> v4l2_controls = {"exposure_dynamic_framerate=0"};  ///< `control=value`, set at open
    int warmup = 15;  ///< frames thrown away before the take starts

    bool video = true;                            ///< false: sound only
    bool audio = true;                            ///< false: picture only
    std::string audio_device;                     ///< index or part of a name; empty: the system's default
    std::vector<std::string> more_audio_devices;  ///< further microphones, one more audio track each
    int sample_rate = 48000;                      ///< Hz
    int channels = 1;
    int blocksize = 1024;     ///< samples per channel and block
    bool calibration = true;  ///< the take carries the offset that was measured for these devices

    std::string encoder = "turbojpeg";  ///< JPEG encoder
    int quality = 90;                   ///< JPEG quality
    Subsample subsample = Subsample::s420;
    bool progressive = false;  ///< progressive JPEG: smaller, several times slower
    int workers = 2;           ///< threads that encode JPEGs
    int queue_size = 64;       ///< frames per track that may wait for encoder and disk
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
    bool instant_mp4 = true;           ///< render while recording, so that the MP4 is there a moment after stop
    int audio_bitrate = 128000;        ///< bits/s of the MP4's sound, per track
    double latency_offset_ms = 0;      ///< added to every sound stamp when rendering; positive: sound later
    std::string data_dir = "av_data";  ///< takes
    std::string processed_dir = "processed_av";  ///< rendered files
};

/// Says the first field out of range, its value and what is allowed.
ONETAKE_API Status validate(const RecorderConfig& config);

}  // namespace onetake
