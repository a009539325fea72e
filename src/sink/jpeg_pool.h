#pragma once

#include "base/bounded_queue.h"
#include "base/error.h"
#include "codec/jpeg_encoder.h"
#include "sink/frame_encoder.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace onetake {

/// Encodes raw frames as JPEGs on several threads, and emits them in order of completion. Frames that are JPEGs already
/// are decoded to planes and re-encoded. The queue is not bounded: the caller limits it. submit() is thread-safe.
class JpegPool final : public FrameEncoder {
 public:
    /// `done` is called from the workers' threads.
    JpegPool(JpegSettings settings, int workers, std::function<void(EncodedFrame)> done);
    JpegPool(const JpegPool&) = delete;
    JpegPool& operator=(const JpegPool&) = delete;
    ~JpegPool() override;

    /// Creates the encoders and starts the threads.
    Status start();
    void submit(NumberedFrame frame) override;
    void end_track(int track, std::uint64_t number) override;
    /// Encodes the queued frames, then joins the threads. Idempotent.
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
