#pragma once

#include "codec/av_free.h"
#include "codec/planar_image.h"
#include "codec/vaapi_upload.h"
#include "media/packet.h"

#include <onetake/result.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

struct VideoEncoderSettings {
    /// "auto", or the name of any video encoder in libavcodec.
    std::string codec = "auto";
    /// "auto" means libx264; with this it tries h264_nvenc first, and adds a note if that did not open.
    bool try_hardware = false;
    std::string preset = "veryfast";
    int crf = 23;               ///< constant quality, lower is better; used where bit_rate is 0
    std::int64_t bit_rate = 0;  ///< bits/s
    int width = 0, height = 0;  ///< pixels
    double fps = 30.0;          ///< nominal: for rate control and the last packet's duration, never for stamps
    ColorInfo color;            ///< of the stream; frames of another range are converted
    /// The encoder's input format: i420, to which every frame is converted, or i422, i444, gray8 or gray16, which
    /// frames must have already (depth video: gray16 with ffv1).
    PixelFormat pixel_format = PixelFormat::i420;
    std::int64_t time_scale = 0;  ///< ticks per second; 0: the encoder's (EncoderTraits)
    int keyframe_interval = 0;    ///< frames; 0: the encoder's default
    /// false: packets have no duration, and none is held until the next stamp.
    bool packet_durations = true;
    int threads = 0;  ///< 0: rendering_threads(), which depends on the number of cores only
    /// The encoder's own options, by libavcodec's names.
    std::vector<std::pair<std::string, std::string>> options;
};

/// Encodes video with libavcodec. Stamps are kept to the tick. The same frames and settings produce the same packets on
/// the same machine. Thread-bound; the encoder's own threads are internal.
///
/// In 4:2:0 an odd width or height is padded to the next even number by repeating the edge: 4:2:0 has no odd sizes, and
/// H.264 can't crop by one. params() has the size of the stream, notes() has a line about it.
class VideoEncoder {
 public:
    /// Opens the encoder: the only proof that it works here. Errors: missing_part if this libavcodec has no such
    /// encoder; unsupported if it does not open, with libavcodec's reason; invalid_argument for invalid settings.
    static Result<VideoEncoder> open(VideoEncoderSettings settings);
    VideoEncoder(VideoEncoder&&) noexcept;
    VideoEncoder& operator=(VideoEncoder&&) noexcept;
    VideoEncoder(const VideoEncoder&) = delete;
    VideoEncoder& operator=(const VideoEncoder&) = delete;
    ~VideoEncoder();

    /// Takes the image without a copy; `key`: encodes it as a keyframe; appends the packets that are ready to `out`, in
    /// decoding order, with durations up to the next stamp. `pts` is in 1/time_scale s and must increase. An image of
    /// another chroma or range is converted here; its planes must come from make_planar() or take_planar(). Errors:
    /// invalid_argument for another size, a stamp that does not increase, or a layout that is not converted; the image
    /// is not encoded then.
    Status encode(PlanarImage image, std::int64_t pts, std::vector<Packet>& out, bool key = false);
    /// Flushes: appends the remaining packets. No image may follow.
    Status finish(std::vector<Packet>& out);

    const StreamParams& params() const { return params_; }
    const VideoEncoderSettings& settings() const { return settings_; }
    /// The encoder in use: "libx264".
    const std::string& name() const { return name_; }
    /// Fallbacks and changes, a line each.
    const std::vector<std::string>& notes() const { return notes_; }
    /// Whether packets are in another order than frames: there are B-frames.
    bool reorders() const { return reorders_; }

 private:
    struct SentFrame {
        std::int64_t pts = 0;
        bool timed = false;  ///< its packet has a duration
    };
    explicit VideoEncoder(VideoEncoderSettings settings);
    Status open_named(const std::string& name);
    Result<PlanarImage> converted(PlanarImage image) const;
    Result<std::unique_ptr<AVFrame, AvFree>> frame_of(PlanarImage image);
    Status drain(std::vector<Packet>& out);
    void release(std::vector<Packet>& out, bool last);

    VideoEncoderSettings settings_;
    std::string name_;
    std::vector<std::string> notes_;
    StreamParams params_;
    std::shared_ptr<BufferPool> pool_;
    std::unique_ptr<AVCodecContext, AvFree> context_;
    std::optional<VaapiUpload> upload_;  ///< for encoders that need it
    std::unique_ptr<AVPacket, AvFree> packet_;
    std::deque<SentFrame> sent_;  ///< in order of pts: for the packets' durations
    std::deque<Packet> held_;     ///< without a duration until the next stamp
    bool finished_ = false, reorders_ = false;
};

}  // namespace onetake
