#pragma once

#include "base/bounded_queue.h"
#include "encode/stream_encoder.h"

#include <onetake/config.h>
#include <onetake/result.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace onetake {

struct LiveEncoderOptions {
    std::size_t queue_size = 64;    ///< inputs that may be queued for the encoder
    OnFull on_full = OnFull::drop;  ///< what push() does when the queue is full
    /// Receives the packets in decoding order, a batch per call, on the encoder's thread; may move them out. An error
    /// ends the track.
    std::function<Status(std::vector<Packet>& packets)> on_packets;
    /// Called with the error that ended the track, on the encoder's thread, at most once; may be empty.
    std::function<void(const Error&)> on_error;
};

/// Accounting of all inputs: pushed = encoded + dropped + refused + lost, once the encoder has finished.
struct LiveEncoderCounters {
    std::uint64_t pushed = 0;
    std::uint64_t encoded = 0;
    std::uint64_t dropped = 0;  ///< pushed while the queue was full
    std::uint64_t refused = 0;  ///< by the encoder, for their time (StreamEncoder::encode()); the track continued
    std::uint64_t lost =
        0;  ///< queued or pushed when the track failed, ended or was cancelled; or the cause of its failure
    std::uint64_t packets = 0;  ///< accepted by on_packets
};

/// A StreamEncoder with its own bounded queue and thread, for one live track. An error ends this track only.
class LiveEncoder {
 public:
    /// Starts the thread.
    static std::unique_ptr<LiveEncoder> start(std::unique_ptr<StreamEncoder> encoder, LiveEncoderOptions options);
    LiveEncoder(const LiveEncoder&) = delete;
    LiveEncoder& operator=(const LiveEncoder&) = delete;
    /// As cancel(), then waits for the thread.
    ~LiveEncoder();

    /// Queues an input. Thread-safe; inputs of one thread stay in order. Returns false if it was dropped or lost, which
    /// is counted. Blocks only with OnFull::block.
    bool push(EncoderInput input);
    /// Queues a pause of the track (StreamEncoder::pause()) behind the inputs so far; waits for room. Thread-safe.
    void pause();
    /// Waits until the inputs and pauses so far are encoded and their packets delivered, or the track has ended.
    void wait();
    /// Encodes the queued inputs, flushes the encoder, and ends the thread. Returns the error that ended the track, if
    /// any. Call once, from one thread.
    Status finish();
    /// Drops the queued inputs and unblocks push(). finish() then returns `cancelled`. Does not block. Thread-safe.
    void cancel();

    LiveEncoderCounters counters() const;
    /// After finish(): counters, codec and notes of the encoder.
    const StreamEncoder& encoder() const { return *encoder_; }

 private:
    LiveEncoder(std::unique_ptr<StreamEncoder> encoder, LiveEncoderOptions options);
    void run(const std::stop_token& stop);
    Status encode_queue(const std::stop_token& stop);
    Status deliver();

    /// Neither: a pause.
    struct Item {
        std::optional<EncoderInput> input;
        std::promise<void>* reached = nullptr;  // of wait()
    };

    const std::unique_ptr<StreamEncoder> encoder_;
    const LiveEncoderOptions options_;
    BoundedQueue<Item> queue_;
    std::vector<Packet> packets_;  ///< of the thread
    Status status_;                ///< of the thread until it is joined
    std::atomic<bool> closed_{false};
    std::atomic<std::uint64_t> pushed_{0}, encoded_{0}, dropped_{0}, refused_{0}, lost_{0}, delivered_{0};
    std::jthread thread_;  ///< last: everything above outlives it
};

}  // namespace onetake
