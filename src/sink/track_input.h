#pragma once

#include "base/in_flight_limit.h"
#include "base/mutex.h"
#include "media/source.h"
#include "sink/event_log.h"
#include "sink/frame_encoder.h"
#include "sink/input_counters.h"
#include "sink/write_queue.h"
#include "take/take_files.h"

#include <onetake/on_full.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace onetake {

struct VideoInputOptions {
    TrackId id;
    int index = 0;           ///< of the video track, from 0
    bool transcode = false;  ///< received JPEGs are re-encoded
    int queue_size = 64;     ///< frames between here and the disk
    OnFull on_full = OnFull::drop;
};

/// Input of one video track: numbers, limits and counts the frames, and passes them to the encoder or, unchanged, to
/// the writing thread. Queue, encoder and events must outlive it.
class VideoTrackInput final : public VideoReceiver {
 public:
    VideoTrackInput(const VideoInputOptions& options, WriteQueue& queue, FrameEncoder& encoder, EventLog& events);

    Buffer buffer(std::size_t bytes) override { return buffers_->take(bytes); }
    /// Blocks while the queue is full, if `on_full` is block.
    Delivery deliver(Frame frame) override;
    void report(SourceEvent event) override;
    /// Blocked calls, also later ones, wait this much longer at most: a disk that hangs must not hold up a source that
    /// is to stop. Any thread.
    void limit_waiting(Duration timeout) { in_flight_.limit_waiting(deadline_in(timeout)); }
    /// What feeds the track has left; later frames begin it again. Any thread.
    void end_track();
    /// Ends blocked calls; later frames are dropped and counted. After it returns no frame is passed on. Any thread.
    void close();

    // For the writing thread.
    /// An accepted frame has been written or lost.
    void release() { in_flight_.give_back(); }
    /// How many frames, blocks or packets are accepted, and not yet written or lost.
    const InFlightLimit& in_flight() const { return in_flight_; }
    InputCounters& counters() { return counters_; }
    const InputCounters& counters() const { return counters_; }
    TrackId id() const { return options_.id; }
    /// The most frames in flight at once.
    int deepest_queue() const { return in_flight_.deepest(); }

 private:
    const VideoInputOptions options_;
    WriteQueue& queue_;
    FrameEncoder& encoder_;
    EventLog& events_;
    std::shared_ptr<BufferPool> buffers_;
    InFlightLimit in_flight_;
    InputCounters counters_;

    Mutex mutex_;  // held while a frame is passed on, so that numbers are in order
    std::uint64_t next_number_ ONETAKE_GUARDED_BY(mutex_) = 0;
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::atomic<int> damaged_recorded_ = 0;  // in the journal, one by one
};

/// Input of one audio track. Queue and events must outlive it.
class AudioTrackInput final : public AudioReceiver {
 public:
    /// `index`: of the audio track, from 0. `may_wait`: deliver() blocks while the queue is full, for a source that can
    /// wait, as a file.
    AudioTrackInput(TrackId id, int index, const AudioDescription& description, WriteQueue& queue, EventLog& events,
                    bool may_wait = false);

    /// Blocks only if it may wait.
    Delivery deliver(AudioBlock block) override;
    void report(SourceEvent event) override;
    /// What feeds the track has left; later blocks begin it again. Any thread.
    void end_track();
    /// As those of VideoTrackInput.
    void limit_waiting(Duration timeout) { in_flight_.limit_waiting(deadline_in(timeout)); }
    void close();

    /// Peak of the last block, 0 … 1; empty if the next one is overdue by a second. Any thread.
    std::optional<double> peak(HostTime now) const;

    // For the writing thread.
    void release() { in_flight_.give_back(); }
    /// A block could not be written: the next one is marked as following a loss.
    void mark_loss() { lost_before_ = true; }
    /// How many frames, blocks or packets are accepted, and not yet written or lost.
    const InFlightLimit& in_flight() const { return in_flight_; }
    InputCounters& counters() { return counters_; }
    const InputCounters& counters() const { return counters_; }
    TrackId id() const { return id_; }
    int bytes_per_sample() const { return 2 * description_.channels; }

 private:
    const TrackId id_;
    const int index_;
    const AudioDescription description_;
    const bool may_wait_;
    WriteQueue& queue_;
    EventLog& events_;
    InFlightLimit in_flight_;
    InputCounters counters_;
    Mutex mutex_;  // held while a block is passed on
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::atomic<bool> lost_before_{false};
    std::atomic<float> peak_{0};  // of the last block
    std::atomic<HostTime> peak_holds_until_{HostTime::min()};
};

/// Input of one data track: at most kMostPackets and kMostBytes are queued for a slow disk. The queue must outlive it.
class DataTrackInput final : public DataReceiver {
 public:
    static constexpr int kMostPackets = 4096;
    static constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;

    /// `index`: of the data track, from 0.
    DataTrackInput(TrackId id, int index, WriteQueue& queue)
        : id_(id), index_(index), queue_(queue), in_flight_(kMostPackets) {}

    /// Never blocks.
    Delivery deliver(DataPacket packet) override;
    /// As AudioTrackInput::end_track().
    void end_track();
    void close();

    // For the writing thread.
    /// A packet of this size has been written or lost.
    void release(std::size_t bytes) {
        bytes_in_flight_ -= bytes;
        in_flight_.give_back();
    }
    /// How many frames, blocks or packets are accepted, and not yet written or lost.
    const InFlightLimit& in_flight() const { return in_flight_; }
    InputCounters& counters() { return counters_; }
    const InputCounters& counters() const { return counters_; }
    TrackId id() const { return id_; }

 private:
    const TrackId id_;
    const int index_;
    WriteQueue& queue_;
    InFlightLimit in_flight_;
    std::atomic<std::uint64_t> bytes_in_flight_{0};
    InputCounters counters_;
    Mutex mutex_;  // held while a packet is passed on
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false;
};

}  // namespace onetake
