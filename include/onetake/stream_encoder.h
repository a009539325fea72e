#pragma once

#include <onetake/export.h>
#include <onetake/result.h>
#include <onetake/stream_config.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// What a muxer needs to know of an encoded stream.
struct EncodedStreamInfo {
    std::string codec;            ///< libavcodec's name: "h264", "ffv1", "ass"
    std::int64_t time_scale = 1;  ///< ticks per second of its packets
    std::vector<std::uint8_t> extradata;
    int width = 0, height = 0;  ///< of video, pixels
    std::string pixel_format;   ///< of video, libavutil's name
    NamedValues metadata;
};

/// A packet of one stream.
struct EncodedPacket {
    std::vector<std::uint8_t> bytes;
    std::int64_t pts = 0, dts = 0, duration = 0;  ///< ticks of EncodedStreamInfo::time_scale; duration 0: unknown
    bool key = false;                             ///< can be decoded without those before
};

/// Encodes the frames of one video stream, as ChunkedWriter does, for programs that write files of their own.
/// Thread-bound; the codec's own threads are internal.
class ONETAKE_API VideoStreamEncoder {
 public:
    /// Opens the encoder. Errors: invalid_argument, missing_part, unsupported, as ChunkedWriter::start().
    static Result<std::unique_ptr<VideoStreamEncoder>> create(const VideoStreamConfig& config);
    VideoStreamEncoder(const VideoStreamEncoder&) = delete;
    VideoStreamEncoder& operator=(const VideoStreamEncoder&) = delete;
    ~VideoStreamEncoder();

    /// Takes a frame, copied, and returns the packets that are ready, in decoding order, which is that of the frames. A
    /// packet's pts is the tick nearest to `timestamp_s`, 0 or later. `key`: encodes it as a keyframe. `stride`: bytes
    /// from one row to the next, 0 for rows without padding. Errors: invalid_argument for a wrong number of bytes;
    /// refused for a timestamp that is not after the one before, which changes nothing; wrong_state after flush(); the
    /// codec's.
    Result<std::vector<EncodedPacket>> encode(std::span<const std::uint8_t> frame, double timestamp_s, bool key = false,
                                              int stride = 0);
    /// The remaining packets. No frame may follow.
    Result<std::vector<EncodedPacket>> flush();
    const EncodedStreamInfo& stream() const;

 private:
    class Impl;
    explicit VideoStreamEncoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Makes packets of bytes for a subtitle stream of codec "ass": unchanged, in ticks of 1 ns. Thread-bound.
class ONETAKE_API DataStreamEncoder {
 public:
    /// Errors: invalid_argument.
    static Result<std::unique_ptr<DataStreamEncoder>> create(const DataStreamConfig& config = {});
    DataStreamEncoder(const DataStreamEncoder&) = delete;
    DataStreamEncoder& operator=(const DataStreamEncoder&) = delete;
    ~DataStreamEncoder();

    /// One packet of 1 byte to 16 MiB. A timestamp that is not after the one before is moved a tick after it. Errors:
    /// invalid_argument; wrong_state after flush().
    Result<std::vector<EncodedPacket>> encode(std::span<const std::uint8_t> bytes, double timestamp_s);
    /// There is nothing left to return. No packet may follow.
    Result<std::vector<EncodedPacket>> flush();
    const EncodedStreamInfo& stream() const;

 private:
    class Impl;
    explicit DataStreamEncoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
