#pragma once

#include "base/error.h"
#include "media/audio_block.h"
#include "media/data_packet.h"
#include "media/frame.h"
#include "media/stamp_kind.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// An event of a source's track, beside media.
struct SourceEvent {
    enum class Kind {
        driver_drop,  ///< the driver lost `count` frames before `time`
        corrupt,      ///< `count` frames arrived damaged and were left out
        stall,        ///< no media received for some time (in `text`)
        resumed,      ///< media are received again after a stall
        device_lost,  ///< the device is gone or unusable; the source keeps trying to reopen it
        note,         ///< a message for people, one line in `text`
        ended,        ///< no media will follow: the end of a file, or a source given up; `text` says which
    };
    Kind kind = Kind::note;
    HostTime time;            ///< when it was noticed
    std::uint64_t count = 0;  ///< frames or samples, if `kind` has a count
    std::string text;
};

/// What became of a delivered frame or block. All but `accepted` and `refused` are counted as lost.
enum class Delivery {
    accepted,
    dropped,     ///< the queue was full
    closed,      ///< the track was closed, possibly while the caller waited for room in the queue
    refused,     ///< its time can't be taken any more, or not yet; counted by who refuses it, not as lost
    damaged,     ///< no complete JPEG; an audio block without samples
    take_ended,  ///< the disk is full or can't be written
};

/// Receives what a video source captures. All calls are thread-safe and block only as the take's `on_full` specifies.
/// Frames of one track are in the order of deliver().
class VideoReceiver {
 public:
    virtual ~VideoReceiver() = default;
    /// A pooled buffer to fill.
    virtual Buffer buffer(std::size_t bytes) = 0;
    /// Takes the frame, or counts it as lost.
    virtual Delivery deliver(Frame frame) = 0;
    virtual void report(SourceEvent event) = 0;
};

/// Receives what an audio source captures. Thread-safe; never blocks.
class AudioReceiver {
 public:
    virtual ~AudioReceiver() = default;
    virtual Delivery deliver(AudioBlock block) = 0;
    virtual void report(SourceEvent event) = 0;
};

/// Receives the packets of a data track. Thread-safe; never blocks.
class DataReceiver {
 public:
    virtual ~DataReceiver() = default;
    virtual Delivery deliver(DataPacket packet) = 0;
};

/// What a source actually delivers, as granted by the device; stored in the take.
struct VideoDescription {
    std::string device;     ///< what was opened: "/dev/video0", "external", "test"
    std::string name;       ///< the device's own name ("card"), for people
    std::string driver;     ///< kernel driver; empty if none
    std::string stable_id;  ///< /dev/v4l/by-id or by-path link; empty if none
    int width = 0, height = 0;
    double fps = 0;      ///< granted; 0 unknown
    std::string fourcc;  ///< granted pixel format ("MJPG", "YUYV"), empty for pushed media
    ColorInfo color;
    int buffers = 0;                                            ///< V4L2 buffers granted
    std::vector<std::pair<std::string, std::string>> controls;  ///< control → value after setting
    std::vector<std::string> notes;                             ///< differences from what was requested, warnings
};

struct AudioDescription {
    std::string device;    ///< index and host API, for people and for reopening by name
    std::string name;      ///< the device's name, stable over reboots if the system has such a name
    std::string host_api;  ///< "ALSA", empty for pushed media
    int sample_rate = 0;   ///< Hz, granted
    int channels = 0;      ///< granted
    int blocksize = 0;     ///< requested samples per channel and block
    double latency_s = 0;  ///< the input latency that the device reports
    StampKind stamps = StampKind::automatic;
    std::vector<std::string> notes;
};

struct DataDescription {
    std::string device;  ///< "external"
    std::string name;    ///< for people; may be empty
    std::vector<std::string> notes;
};

/// A source of frames. open() (each class has its own) may fail; after start() a failing device causes events, not
/// errors. Runs one thread between start() and stop().
class VideoSource {
 public:
    virtual ~VideoSource() = default;
    virtual const VideoDescription& description() const = 0;
    /// Begins to deliver to `receiver`, which must stay valid until stop() returns.
    virtual Status start(VideoReceiver& receiver) = 0;
    /// Ends delivery; returns within 2 s even if the device blocks. Idempotent.
    virtual void stop() = 0;
    /// Mean time in ms spent fetching a frame from the device (waiting not counted), NaN if it does not apply.
    virtual double grab_ms_mean() const = 0;
};

class AudioSource {
 public:
    virtual ~AudioSource() = default;
    virtual const AudioDescription& description() const = 0;
    virtual Status start(AudioReceiver& receiver) = 0;
    virtual void stop() = 0;
};

}  // namespace onetake
