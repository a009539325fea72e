#pragma once

#include "codec/encoder_threads.h"
#include "codec/video_encoder.h"
#include "encode/frame_ticks.h"
#include "encode/stream_encoder.h"

#include <memory>
#include <string>
#include <vector>

namespace onetake {

/// Encodes images for a video track: takes TimedImage, and TimedFrame of every raw format, each at the tick nearest to
/// its time (FrameTicks).
class ImageStreamEncoder final : public StreamEncoder {
 public:
    /// `title`: for people; may be empty. Errors: VideoEncoder::open()'s.
    static Result<std::unique_ptr<ImageStreamEncoder>> open(const VideoEncoderSettings& settings,
                                                            std::string title = "");

    /// For a live track: its number of threads is allocated from the budget, which must outlive it, and fixed from then
    /// on.
    static Result<std::unique_ptr<ImageStreamEncoder>> open_live(
        VideoEncoderSettings settings, EncoderThreadBudget& budget = EncoderThreadBudget::of_process(),
        std::string title = "");

    StreamCounters counters() const override;
    /// Whether packets are in another order than frames: there are B-frames.
    bool reorders() const { return encoder_.reorders(); }
    /// Threads allocated from the budget; 0 for a track that is not live.
    int threads() const { return share_.threads(); }

 private:
    ImageStreamEncoder(VideoEncoder encoder, std::string title);
    Status take(EncoderInput input, std::vector<Packet>& out) override;
    Status take_end(std::vector<Packet>& out) override;
    Status take_image(TimedImage timed, std::vector<Packet>& out);

    EncoderThreadBudget::Share share_;  ///< before the encoder: released after its threads have ended
    VideoEncoder encoder_;
    std::shared_ptr<BufferPool> pool_;  ///< of converted frames
    FrameTicks ticks_;
};

}  // namespace onetake
