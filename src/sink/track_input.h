#pragma once

#include "base/histogram.h"
#include "base/in_flight_limit.h"
#include "media/line_fit.h"
#include "media/reorder_buffer.h"
#include "media/source.h"
#include "sink/jpeg_pool.h"
#include "take/take_files.h"

#include <onetake/metrics.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace onetake {

class TakeSink;

/// What became of something that was delivered.
enum class Delivery { taken, dropped, refused, ended_early };

/// Losses of one track, counted from any thread; the writing thread puts them into the journal.
class LossCounter {
 public:
    void add(std::uint64_t count) {
        total_ += count;
        unwritten_ += count;
    }
    std::uint64_t total() const { return total_; }
    /// What was added since the last call.
    std::uint64_t take_unwritten() { return unwritten_.exchange(0); }

 private:
    std::atomic<std::uint64_t> total_{0}, unwritten_{0};
};

/// One video track of a TakeSink: numbers what comes in, bounds it, and keeps the track's books.
class VideoTrackInput final : public VideoReceiver {
 public:
    VideoTrackInput(TakeSink& sink, TrackId id, int index, const VideoDescription& description, bool transcode);

    Buffer buffer(std::size_t bytes) override { return buffers_->take(bytes); }
    void deliver(Frame frame) override { (void)offer(std::move(frame)); }
    void report(SourceEvent event) override;

    /// As deliver(), and tells what became of it: `dropped` counted because the queue was full; `refused` after
    /// close(); `ended_early` counted because the disk is full. A frame that is no whole JPEG counts as corrupt.
    Delivery offer(Frame frame);
    /// Ends waiting; what comes later is dropped and counted. When it returns, nothing more goes on. From any thread.
    void close();

 private:
    friend class TakeSink;

    TakeSink& sink_;
    const TrackId id_;
    const int index_;
    const VideoDescription description_;
    const bool transcode_;
    std::shared_ptr<BufferPool> buffers_;
    InFlightLimit in_flight_;

    std::mutex mutex_;               // numbers are given in the order in which frames go on
    std::uint64_t next_number_ = 0;  // guarded by mutex_
    bool closed_ = false;            // guarded by mutex_

    std::atomic<std::uint64_t> expected_{0}, written_{0}, bytes_{0};
    LossCounter queue_, driver_, corrupt_, disk_;

    // the writing thread's
    ReorderBuffer<EncodedFrame> order_;
    DurationHistogram latency_;
    std::optional<HostTime> first_, last_;
    std::optional<StampSource> source_;
    bool mixed_sources_ = false;
    std::uint64_t gaps_ = 0;
    Duration gap_time_{};
    bool said_corrupt_ = false;
    int failures_ = 0;  // of writing, since the last success
};

/// One audio track of a TakeSink.
class AudioTrackInput final : public AudioReceiver {
 public:
    AudioTrackInput(TakeSink& sink, TrackId id, const AudioDescription& description);

    void deliver(AudioBlock block) override { (void)offer(std::move(block)); }
    void report(SourceEvent event) override;
    Delivery offer(AudioBlock block);
    void close();

 private:
    friend class TakeSink;

    TakeSink& sink_;
    const TrackId id_;
    const AudioDescription description_;
    InFlightLimit in_flight_;
    std::mutex mutex_;     // blocks go on one after the other
    bool closed_ = false;  // guarded by mutex_
    std::atomic<bool> lost_before_{false};
    std::atomic<float> peak_{0};  // of the last block
    std::atomic<HostTime> peak_holds_until_{HostTime::min()};
    std::atomic<std::uint64_t> expected_{0}, written_{0};
    LossCounter queue_, driver_, corrupt_, disk_;

    // the writing thread's
    LineFit clock_;
    std::optional<HostTime> first_;
    std::optional<HostTime> block_end_;
    std::int64_t virtual_samples_ = 0;  // samples written and lost: keeps the fit straight over holes
    std::optional<StampSource> source_;
    bool mixed_sources_ = false;
    std::uint64_t xruns_ = 0, gaps_ = 0;
    Duration gap_time_{};
    int failures_ = 0;  // of writing, since the last success
};

}  // namespace onetake
