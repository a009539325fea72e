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

/// One video track of a take: where its frames come from.
struct VideoTrackConfig {
    SourceKind source = SourceKind::device;
    std::string device = "0";       ///< of a camera: index, /dev/videoN, or a link under /dev/v4l/by-id
    std::string label;              ///< of a pushed track: a name for people
    int width = 1280;               ///< pixels requested from the camera or drawn; not used for pushed frames
    int height = 720;               ///< pixels
    double fps = 30.0;              ///< frames/s requested from the camera or drawn; nominal for pushed frames
    std::string fourcc = "MJPG";    ///< pixel format requested from the camera
    bool convert_rgb = true;        ///< false: the camera's own JPEGs are stored unchanged
    std::optional<int> buffersize;  ///< V4L2 buffers; unset: the recorder's choice for the driver
    std::vector<std::string> v4l2_controls = {"exposure_dynamic_framerate=0"};  ///< `control=value`, set at open
    int warmup = 15;  ///< frames discarded before the take starts
};

/// One audio track of a take: where its samples come from.
struct AudioTrackConfig {
    SourceKind source = SourceKind::device;
    std::string device;       ///< of a microphone: index or part of a name; empty: the system's default
    std::string label;        ///< of a pushed track: a name for people
    int sample_rate = 48000;  ///< Hz
    int channels = 1;
    int blocksize = 1024;  ///< samples per channel and block
};

/// One data track of a take: packets of bytes that a program pushes.
struct DataTrackConfig {
    std::string label;  ///< a name for people
};

/// How a take is stored.
struct StoreConfig {
    /// How video is stored: "jpeg", a file per frame; "auto" ("encoded" is the same) or an encoder's name: compressed
    /// at once, with the fields below.
    std::string codec = "jpeg";
    std::string preset = "veryfast";
    int crf = 23;                       ///< constant quality; used where bitrate is 0
    int bitrate = 0;                    ///< bits/s; 0: by crf
    double keyframe_s = 2;              ///< most between two keyframes
    std::string encoder = "turbojpeg";  ///< JPEG encoder
    int quality = 90;                   ///< JPEG quality
    Subsample subsample = Subsample::s420;
    bool progressive = false;  ///< progressive JPEG: smaller, several times slower
    int workers = 2;           ///< threads that encode JPEGs
    int queue_size = 64;       ///< frames per track that may be queued for encoder and disk
    OnFull on_full = OnFull::drop;
    bool fsync = false;  ///< true: every write reaches the disk before the next
};

/// Speech enhancement of the first audio track.
struct EnhanceConfig {
    std::optional<bool> enabled;  ///< unset: if a model is set
    bool required = false;        ///< true: no output file with audio that could not be enhanced
    std::string model;            ///< path of a DPDFNet model, or a downloaded variant; empty: any that is downloaded
    int num_threads = 1;
    std::string provider = "cpu";
    bool live = true;                 ///< enhance while recording; false: after stop()
    double attenuation_limit_db = 0;  ///< noise is lowered by at most this; 0: no limit

    /// Whether enhancement was asked for.
    bool wanted() const { return required || enabled.value_or(!model.empty()); }
};

/// How a take is rendered to a file.
struct EncodeConfig {
    std::string codec = "auto";       ///< video encoder
    std::string preset = "veryfast";  ///< the encoder's preset
    int crf = 23;                     ///< constant quality; lower is better and larger
    /// Encode video that was stored encoded anew; so does a codec, preset, crf, range or cfr other than the default.
    bool transcode = false;
    PixelRange pixel_range = PixelRange::full;
    ContainerFormat container = ContainerFormat::mp4;
    SyncReference sync_reference = SyncReference::system;
    std::optional<double> cfr;     ///< constant frame rate, with a frame map beside the file; unset: variable
    int audio_bitrate = 128000;    ///< bits/s of the audio, per track
    double latency_offset_ms = 0;  ///< added to every audio stamp; positive: audio later
};

/// All settings of a recorder, with their defaults: one camera and one microphone. Plain data; checked by validate()
/// and AVRecorder::create(). config_fields.h lists the same fields with their help texts and ranges.
struct RecorderConfig {
    std::vector<VideoTrackConfig> video{VideoTrackConfig{}};  ///< one per video track; none: audio only
    std::vector<AudioTrackConfig> audio{AudioTrackConfig{}};  ///< one per audio track; none: video only
    std::vector<DataTrackConfig> data;                        ///< one per data track
    bool require_audio = false;                               ///< true: no take without every configured microphone
    bool calibration = true;  ///< store the offset that was measured for these devices in the take
    StoreConfig store;
    EnhanceConfig enhance;
    EncodeConfig encode;
    bool marker_socket = true;         ///< other processes of this user can set markers, with `onetake mark`
    bool instant_mp4 = true;           ///< render while recording, so that the MP4 is complete a moment after stop
    std::string data_dir = "av_data";  ///< takes
    std::string processed_dir = "processed_av";  ///< rendered files
};

/// Checks all fields. The error names the first field out of range, its value and what is allowed.
ONETAKE_API Status validate(const RecorderConfig& config);

}  // namespace onetake
