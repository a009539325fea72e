#pragma once

#include "media/source.h"
#include "sink/disk_watch.h"
#include "sink/jpeg_pool.h"
#include "take/take_writer.h"

#include <onetake/on_full.h>
#include <onetake/metrics.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace onetake {

struct TakeSinkOptions {
    TakeWriterOptions writer;
    JpegSettings jpeg;
    int workers = 2;
    int queue_size = 64;  ///< frames per video track between receiver and disk
    OnFull on_full = OnFull::drop;
    /// Called once, from the sink's thread, when nothing more can be stored: the disk is full, or can't be written.
    /// What comes later is counted as lost; the take is to be closed.
    std::function<void()> on_ended_early;
};

/// What was counted so far; for the progress line.
struct TakeCounts {
    std::uint64_t frames = 0, lost = 0, video_bytes = 0, audio_bytes = 0;
};

class VideoTrackInput;
class AudioTrackInput;

/// Stores what sources deliver as a take: receiver → JPEG pool → one writing thread that owns the files. One bound per
/// track says how many frames may be on the way; what does not fit is dropped and counted, or waits, as `on_full` says.
///
/// Life: create(), add tracks, start(); sources deliver; stop the sources, drain(), metrics(), close().
class TakeSink {
 public:
    static Result<std::unique_ptr<TakeSink>> create(const TakeSinkOptions& options);
    TakeSink(const TakeSink&) = delete;
    TakeSink& operator=(const TakeSink&) = delete;
    ~TakeSink();

    /// The receivers live as long as the sink. `transcode`: JPEGs that come in are decoded and encoded anew.
    Result<VideoTrackInput*> add_video(const VideoDescription& description, bool transcode);
    Result<AudioTrackInput*> add_audio(const AudioDescription& description);
    /// Tells how late the sound of a track is. After the tracks were added, before start().
    Status add_offset(const OffsetRecord& offset);
    /// A line for the metrics and the journal. Thread-safe.
    void note(std::string text);

    /// Whether nothing more is stored, because the disk is full or can't be written. Thread-safe.
    bool ended_early() const { return ended_early_; }

    Status start();
    /// Writes everything that was taken in and ends the threads. Idempotent.
    void drain();
    /// What the tracks measured; fields that only sources or the recorder know are left alone. After drain().
    Metrics metrics() const;
    /// Closes the take with these metrics.
    Status close(const Metrics& metrics);

    TakeCounts counts() const;
    /// Of the first audio track's last block, 0 … 1; none if the next has been due for a second. Thread-safe.
    std::optional<double> audio_peak(HostTime now) const;
    const TakeWriter& take() const { return writer_; }

 private:
    friend class VideoTrackInput;
    friend class AudioTrackInput;
    struct StoredBlock {
        AudioTrackInput* track;
        AudioBlock block;
    };
    /// A stall, a lost device, or the end of either: for the journal, and for who watches the take.
    struct Outage {
        EventRecord record;
    };
    using Item = std::variant<EncodedFrame, StoredBlock, JournalRecord, Outage>;

    TakeSink(TakeSinkOptions options, TakeWriter writer);
    void write_loop();
    void sync_loop();
    void write(EncodedFrame frame);
    void write(StoredBlock block);
    void write(const JournalRecord& record);
    void write(Outage outage);
    void write_drops();
    /// `in_row`: failures of a track since its last success.
    void write_failed(const Error& error, int in_row);
    void end_early(const std::string& why);
    void watch_disk(HostTime now);
    void post(Item item);
    template <class TrackInput>
    void take_event(TrackInput& track, SourceEvent event);

    const TakeSinkOptions options_;
    TakeWriter writer_;
    HostTime start_;
    std::vector<std::unique_ptr<VideoTrackInput>> videos_;
    std::vector<std::unique_ptr<AudioTrackInput>> audios_;
    BoundedQueue<Item> items_;
    JpegPool pool_;
    std::thread writing_, syncing_;
    bool drained_ = false;
    std::atomic<bool> ended_early_{false};
    DiskWatch disk_watch_;  // the writing thread's
    HostTime ended_at_;     // the writing thread's

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable wake_sync_;
    bool end_sync_ = false;
    std::vector<std::string> notes_;
    std::string why_ended_;
};

}  // namespace onetake
