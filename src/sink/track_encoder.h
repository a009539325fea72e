#pragma once

#include "encode/live_encoder.h"
#include "encode/live_settings.h"
#include "encode/stream_encoder.h"
#include "media/chunk_grid.h"
#include "media/source.h"
#include "sink/frame_encoder.h"

#include <onetake/event.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace onetake {

/// An encoder of images of one size and layout, opened.
struct OpenedEncoder {
    std::unique_ptr<StreamEncoder> encoder;
    int threads = 0;
};

struct TrackEncoderOptions {
    TrackId id;
    int index = 0;              ///< of the video track, from 0
    LiveVideoSettings video;    ///< its fps is the track's
    int width = 0, height = 0;  ///< of the frames, if known: to try the encoder
    ColorInfo color;            ///< of the stream; frames of another range are converted
    int queue_size = 64;        ///< frames in flight, at most; less where the rate asks for it
    /// Answers a frame; on the encoder's thread. Answers of failed frames may come before those of earlier frames.
    std::function<void(EncodedFrame)> done;
    /// What people should know, a line; on any thread.
    std::function<void(EventKind, std::string)> report;
    /// Each of its chunks begins a new part, with a keyframe; the encoder runs on. Null: no chunks.
    std::shared_ptr<const ChunkGrid> chunks = {};
    /// Called once, with the first error that an encoder of the track failed with; on the encoder's thread.
    std::function<void(const Error&)> on_encoder_error = {};
    /// Opens an encoder. Empty: libavcodec's, with threads from the process's EncoderThreadBudget.
    std::function<Result<OpenedEncoder>(const VideoEncoderSettings&)> open = {};
};

/// Encodes one video track while it is recorded, in parts (docs/take-format.md): a frame of another size or layout
/// begins a new part, so does a chunk, and an encoder that fails is opened again once; what it held is lost. After a
/// second failure all frames of this track are lost. Frames that are JPEGs are decoded first. submit() and
/// request_key() are thread-safe.
class TrackEncoder final : public FrameEncoder {
 public:
    /// Tries the encoder and starts the thread. Errors: VideoEncoder::open()'s; unsupported if a take can't hold the
    /// codec.
    static Result<std::unique_ptr<TrackEncoder>> start(TrackEncoderOptions options);
    TrackEncoder(const TrackEncoder&) = delete;
    TrackEncoder& operator=(const TrackEncoder&) = delete;
    ~TrackEncoder() override;

    void submit(NumberedFrame frame) override;
    /// The encoder is flushed; later frames begin a new part.
    void end_track(int track, std::uint64_t number) override;
    /// The next frame becomes a keyframe, because a packet could not be stored.
    void request_key();
    /// Encodes the queued frames, flushes the encoder and joins the thread. Idempotent.
    void finish();

    /// "libx264".
    const std::string& codec() const { return options_.video.codec; }
    /// Parameters of the stream, where size and layout of the frames were given: those of its first part. Its extradata
    /// is a decoder configuration.
    const std::optional<StreamParams>& stream() const { return stream_; }
    /// How many frames may be in flight between receiver and disk, so that a kill loses no more than loss_bound_s().
    int most_in_flight() const { return most_in_flight_; }
    double loss_bound_s() const;
    /// Mean time per frame in ms, conversion included, NaN without one. After finish().
    double encode_ms_mean() const;

 private:
    class Parts;

    explicit TrackEncoder(TrackEncoderOptions options);
    Status choose_codec();

    TrackEncoderOptions options_;
    std::optional<OpenedEncoder> first_encoder_;  // opened by start(), where its frames are known
    std::optional<StreamParams> stream_;
    int most_in_flight_;
    Parts* parts_ = nullptr;  // in live_
    std::unique_ptr<LiveEncoder> live_;
    bool finished_ = false;
};

}  // namespace onetake
