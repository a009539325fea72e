#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// Frames per second: a number, 29.97, or a fraction, {30000, 1001}. Nominal: frames keep their own stamps.
struct FrameRate {
    constexpr FrameRate(double fps) : value(fps) {}  // NOLINT(google-explicit-constructor)
    constexpr FrameRate(int numerator, int denominator) : value(static_cast<double>(numerator) / denominator) {}
    double value;
};

/// Names with their values, in order.
using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// A video stream. Pixel formats have libavutil's names; "yuv420p" and its like are limited range, "yuvj420p" full.
struct VideoStreamConfig {
    int width = 0, height = 0;  ///< pixels of its frames
    FrameRate fps = 30.0;
    std::string codec = "libx264";     ///< an encoder of libavcodec
    std::int64_t bitrate = 2'000'000;  ///< bits/s; 0: constant quality. Lossless codecs ignore it
    /// rgb24, bgr24, gray, gray16le, nv12, yuyv422, yuv420p, yuvj420p, yuv422p, yuv444p
    std::string input_pixel_format = "rgb24";
    std::string output_pixel_format = "yuv420p";  ///< yuv420p, yuvj420p, gray, gray16le, yuv422p, yuv444p
    NamedValues stream_options = {};              ///< the encoder's own: {"preset", "fast"}, {"g", "30"}; no B-frames
    NamedValues metadata = {};                    ///< tags of the stream in every chunk
};

/// A stream of packets of bytes, each with its time: readings of a sensor. A subtitle stream of codec "ass" in the
/// file.
struct DataStreamConfig {
    std::string codec = "ass";  ///< no other
    NamedValues metadata = {};
};

struct AudioStreamConfig {
    int sample_rate = 48000;         ///< Hz
    int channels = 1;                ///< interleaved
    std::string codec = "flac";      ///< an audio encoder of libavcodec: flac, aac, libopus, pcm_s16le
    std::int64_t bitrate = 128'000;  ///< bits/s; lossless codecs ignore it
    NamedValues metadata = {};
};

}  // namespace onetake
