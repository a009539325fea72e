#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <string>
#include <vector>

namespace onetake {

struct VideoMode {
    std::string fourcc;         ///< V4L2 pixel format
    int width = 0, height = 0;  ///< pixels
    std::vector<double> fps;    ///< frames per second offered, highest first
};

struct VideoDeviceInfo {
    int index = -1;         ///< N of /dev/videoN
    std::string path;       ///< /dev/videoN
    std::string stable_id;  ///< link under /dev/v4l/by-id, else by-path, else empty
    std::string name;       ///< the driver's name of the card
    std::string driver;
    std::vector<VideoMode> modes;
    std::string problem;  ///< why it can't be used now (busy, permission); empty if it can
};

struct AudioDeviceInfo {
    int index = -1;  ///< PortAudio's index; changes as devices come and go
    std::string name;
    std::string host_api;
    int channels = 0;                ///< maximum number of input channels
    double default_sample_rate = 0;  ///< Hz
    bool is_default = false;
};

/// Cameras that can capture, without metadata and output nodes, by index.
ONETAKE_API std::vector<VideoDeviceInfo> list_video_devices();
/// Microphones; an error if this build or machine has no PortAudio.
ONETAKE_API Result<std::vector<AudioDeviceInfo>> list_audio_devices();

}  // namespace onetake
