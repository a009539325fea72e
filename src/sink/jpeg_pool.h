#pragma once

#include "base/bounded_queue.h"
#include "base/error.h"
#include "codec/jpeg_encoder.h"
#include "media/frame.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace onetake {

/// A frame with its place in its track.
struct NumberedFrame {
    int track = 0;             ///< index of the video track, from 0
    std::uint64_t number = 0;  ///< from 0, without a gap
    Frame frame;
};

/// What became of a frame: a JPEG, or the reason why there is none.
struct EncodedFrame {
    int track = 0;
    std::uint64_t number = 0;
    FrameStamp stamp;
    Buffer jpeg;
    std::string failure;  ///< empty: jpeg holds the picture
};

/// Turns raw frames into JPEGs on several threads, and gives them on in whatever order they are done. Frames that are
/// JPEGs already are decoded to planes and encoded anew. Bounded by whoever submits. submit() is thread-safe.
class JpegPool {
 public:
    /// `done` is called from the workers' threads.
    JpegPool(JpegSettings settings, int workers, std::function<void(EncodedFrame)> done);
    JpegPool(const JpegPool&) = delete;
    JpegPool& operator=(const JpegPool&) = delete;
    ~JpegPool();

    /// Makes the encoders and starts the threads.
    Status start();
    void submit(NumberedFrame frame);
    /// Encodes what is waiting, then ends the threads. Idempotent.
    void finish();

    /// Mean time per frame in ms, NaN without one. After finish().
    double encode_ms_mean() const;
    double decode_ms_mean() const;

 private:
    struct Worker;
    void run(Worker& worker);

    const JpegSettings settings_;
    const std::function<void(EncodedFrame)> done_;
    std::shared_ptr<BufferPool> buffers_, planes_;
    BoundedQueue<NumberedFrame> queue_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace onetake
