#pragma once

#include "base/error.h"
#include "media/audio_block.h"
#include "media/frame.h"
#include "media/stamp_kind.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// Something a source has to say about its track, beside media.
struct SourceEvent {
    enum class Kind {
        driver_drop,  ///< `count` frames that the driver lost before `time`
        corrupt,      ///< `count` frames that arrived damaged and were left out
        stall,        ///< nothing has come for a while (`text` says how long)
        resumed,      ///< media come again after a stall
        device_lost,  ///< the device is gone or unusable; the source goes on trying to reopen it
        note,         ///< anything a person should know, in one line of `text`
    };
    Kind kind = Kind::note;
    HostTime time;            ///< when it was noticed
    std::uint64_t count = 0;  ///< frames or samples, where `kind` has any
    std::string text;
};

/// Where a video source puts what it captures. All calls are thread-safe and never block longer than the take's
/// `on_full` says. Frames of one track are ordered by the order of deliver().
class VideoIntake {
 public:
    virtual ~VideoIntake() = default;
    /// A pooled buffer to fill.
    virtual Buffer buffer(std::size_t bytes) = 0;
    /// Takes the frame, or counts it as dropped.
    virtual void deliver(Frame frame) = 0;
    virtual void report(SourceEvent event) = 0;
};

/// Where an audio source puts what it captures. Thread-safe; never blocks.
class AudioIntake {
 public:
    virtual ~AudioIntake() = default;
    virtual void deliver(AudioBlock block) = 0;
    virtual void report(SourceEvent event) = 0;
};

/// What a source really delivers, as granted by the device; written into the take.
struct VideoDescription {
    std::string device;     ///< what was opened: "/dev/video0", "external", "test"
    std::string name;       ///< the device's own name ("card"), for people
    std::string driver;     ///< kernel driver, empty where there is none
    std::string stable_id;  ///< /dev/v4l/by-id or by-path link, empty where there is none
    int width = 0, height = 0;
    double fps = 0;      ///< granted; 0 unknown
    std::string fourcc;  ///< granted pixel format ("MJPG", "YUYV"), empty for pushed media
    ColorInfo color;
    int buffers = 0;                                            ///< V4L2 buffers granted
    std::vector<std::pair<std::string, std::string>> controls;  ///< control → value after setting
    std::vector<std::string> notes;                             ///< differences from what was asked, warnings
};

struct AudioDescription {
    std::string device;    ///< index and host API, for people and for reopening by name
    std::string name;      ///< the device's name, stable over reboots as far as the system has one
    std::string host_api;  ///< "ALSA", empty for pushed media
    int sample_rate = 0;   ///< Hz, granted
    int channels = 0;      ///< granted
    int blocksize = 0;     ///< samples per channel and block asked for
    double latency_s = 0;  ///< the device's own figure of its input latency
    StampKind stamps = StampKind::automatic;
    std::vector<std::string> notes;
};

/// A running supply of frames. open() (each class has its own) may fail; after start() a failing device is events, not
/// errors. One thread of its own between start() and stop().
class VideoSource {
 public:
    virtual ~VideoSource() = default;
    virtual const VideoDescription& description() const = 0;
    /// Begins delivering to `intake`, which must outlive stop().
    virtual Status start(VideoIntake& intake) = 0;
    /// Ends delivery; returns within 2 s whatever the device does. Idempotent.
    virtual void stop() = 0;
    /// Mean time in ms spent fetching a frame from the device (waiting not counted), NaN if it does not apply.
    virtual double grab_ms_mean() const = 0;
};

class AudioSource {
 public:
    virtual ~AudioSource() = default;
    virtual const AudioDescription& description() const = 0;
    virtual Status start(AudioIntake& intake) = 0;
    virtual void stop() = 0;
};

}  // namespace onetake
