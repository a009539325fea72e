#pragma once

#include "codec/video_decoder.h"
#include "input/media_input.h"
#include "input/outlet.h"
#include "input/packet_queue.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// When a packet's media were captured.
struct InputStamp {
    HostTime time;
    StampSource source = StampSource::pushed;
    bool shown = true;  ///< false before the media time 0
};

/// Consecutive packets that can't be decoded before a track ends.
inline constexpr int kMostFailures = 300;

/// Decodes and delivers an input's video. Thread-bound.
class VideoLane {
 public:
    VideoLane(Outlet<VideoReceiver>& outlet, bool live, const MediaInputOptions& options);

    /// Packets from now on are of this stream.
    void open(const StreamParams& params);
    void take(const InputMedia& media, const InputStamp& stamp);
    /// Delivers what the decoder holds.
    void finish();
    void end(const std::string& text, HostTime now);
    bool ended() const { return ended_; }
    TrackWatch<VideoReceiver>& watch() { return watch_; }

 private:
    struct Outstanding {
        std::int64_t number;
        InputStamp stamp;
        HostTime arrival;
        bool hidden;
    };
    void failed(const Error& error, HostTime now);
    void deliver_all(std::vector<DecodedImage>& images);
    void deliver(PlanarImage image, const Outstanding& origin);
    std::optional<Outstanding> origin_of(std::int64_t number);

    Outlet<VideoReceiver>& outlet_;
    TrackWatch<VideoReceiver> watch_;
    const bool live_;
    const std::int64_t most_pixels_;
    const std::shared_ptr<BufferPool> pool_;
    std::optional<VideoDecoder> decoder_;
    std::deque<Outstanding> outstanding_;
    std::int64_t next_number_ = 0;
    std::optional<HostTime> last_;  // stamp delivered
    Duration interval_{};           // between frames, a running mean
    bool reordered_ = false;        // the stream's times are those of decoding
    bool awaits_key_ = true;
    int awaited_ = 0;  // packets left out for it
    int failures_ = 0;
    bool ended_ = false;
};

}  // namespace onetake
