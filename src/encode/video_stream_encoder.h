#pragma once

#include "codec/video_encoder.h"
#include "encode/frame_ticks.h"
#include "encode/stream_encoder.h"

#include <memory>
#include <string>
#include <vector>

namespace onetake {

/// A video track that is encoded here: takes TimedImage, each frame at the nearest tick of its time (FrameTicks).
class VideoStreamEncoder final : public StreamEncoder {
 public:
    /// `title`: for people; may be empty. Errors: VideoEncoder::open()'s.
    static Result<std::unique_ptr<VideoStreamEncoder>> open(const VideoEncoderSettings& settings,
                                                            std::string title = "");

    StreamCounters counters() const override;

 private:
    VideoStreamEncoder(VideoEncoder encoder, std::string title);
    Status take(EncoderInput input, std::vector<Packet>& out) override;
    Status take_end(std::vector<Packet>& out) override;
    Status take_image(PlanarImage image, MediaTime time, std::vector<Packet>& out);

    VideoEncoder encoder_;
    FrameTicks ticks_;
};

}  // namespace onetake
