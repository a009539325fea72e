#pragma once

#include "base/mutex.h"
#include "media/reorder_buffer.h"
#include "media/source.h"
#include "sink/disk_watch.h"
#include "sink/jpeg_pool.h"
#include "sink/track_encoder.h"
#include "sink/track_input.h"
#include "sink/track_list.h"
#include "sink/write_queue.h"
#include "take/take_writer.h"
#include "take/track_statistics.h"

#include <onetake/metrics.h>
#include <onetake/on_full.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace onetake {

struct TakeSinkOptions {
    TakeWriterOptions writer;
    JpegSettings jpeg;
    int workers = 2;
    int queue_size = 64;  ///< frames per video track between receiver and disk
    OnFull on_full = OnFull::drop;
    /// Called once, from the sink's thread, when nothing more can be stored: the disk is full, or can't be written.
    /// Later media are counted as lost; the take must be closed.
    std::function<void()> on_ended_early;
    /// Called when something happens that a person should know, from any thread; must not block. May be empty.
    EventCallback on_event;
    /// Opens the encoders of encoded tracks; empty: see TrackEncoderOptions.
    decltype(TrackEncoderOptions::open) open_encoder = {};
};

/// How a video track is stored.
struct VideoTrackOptions {
    bool transcode = false;  ///< received JPEGs are encoded anew
    /// The track is compressed at once, like this, not stored as JPEGs. Its nominal rate is the description's.
    std::optional<LiveVideoSettings> encode = {};
    std::shared_ptr<const ChunkGrid> chunks = {};             ///< see TrackEncoderOptions
    decltype(TrackEncoderOptions::open) open_encoder = {};    ///< empty: the take's
    std::function<void(const Error&)> on_encoder_error = {};  ///< likewise
};

/// The counters so far, for the progress line.
struct TakeCounts {
    std::uint64_t frames = 0, lost = 0, video_bytes = 0, audio_bytes = 0, packets = 0, data_bytes = 0;
    std::uint64_t jpegs = 0;  ///< of the frames, those that are files
};

/// Stores what sources deliver as a take: receiver → JPEG pool, or an encoder per track → one writing thread that owns
/// the files. The number of frames in flight is limited per track; beyond it frames are dropped and counted, or the
/// caller blocks (`on_full`).
///
/// Order of calls: create(), add tracks, start(); sources deliver; stop the sources, drain(), metrics(), close(). In a
/// take with late tracks (TakeWriterOptions) tracks may also be added and ended between start() and drain().
class TakeSink {
 public:
    static Result<std::unique_ptr<TakeSink>> create(const TakeSinkOptions& options);
    TakeSink(const TakeSink&) = delete;
    TakeSink& operator=(const TakeSink&) = delete;
    ~TakeSink();

    /// The inputs are valid as long as the sink. From one thread at a time; after start() they wait for the writing
    /// thread.
    Result<VideoTrackInput*> add_video(const VideoDescription& description, const VideoTrackOptions& options = {});
    /// `may_wait`: see AudioTrackInput.
    Result<AudioTrackInput*> add_audio(const AudioDescription& description, bool may_wait = false);
    Result<DataTrackInput*> add_data(const DataDescription& description);
    /// What feeds the track has left, so that no reader waits for it; media delivered later begin it again. After
    /// start(); no media of the track may be delivered meanwhile. Only in a take with late tracks.
    void end_track(TrackId track);
    /// Stores how late the audio of a track is. After the tracks were added, before start().
    Status add_offset(const OffsetRecord& offset);
    /// A message for people, once: an event, and a line in the metrics. Thread-safe.
    void note(std::string text, EventKind kind = EventKind::note) { events_.note(std::move(text), kind); }

    /// Adds a record to the journal, behind what was delivered before. Thread-safe; does nothing after drain().
    void write_later(JournalRecord record) { queue_.post(std::move(record)); }

    /// Stores a marker. Thread-safe. Errors: refused, with the reason.
    Status mark(std::string_view text, HostTime time);

    /// Whether storing has ended because the disk is full or can't be written. Thread-safe.
    bool ended_early() const { return queue_.take_ended(); }

    Status start();
    /// Sources that wait for the disk (`on_full`) wait this much longer at most. Before they are stopped.
    void limit_waiting(Duration timeout);
    /// Writes everything accepted and joins the threads. Idempotent.
    void drain();
    /// The tracks' metrics; fields of sources and recorder are not set. After drain().
    Metrics metrics() const;
    /// Closes the take with these metrics.
    Status close(const Metrics& metrics);

    /// Parameters of every video track's stream, as far as they are known before its first frame; see
    /// TrackEncoder::stream(). After the tracks were added.
    std::vector<std::optional<StreamParams>> streams() const;
    /// The encoder of every video track: "libx264" where "auto" was asked for, empty where it is stored as JPEGs.
    std::vector<std::string> encoders() const;
    TakeCounts counts() const;
    /// Peak of the first audio track's last block, 0 … 1; empty if the next one is overdue by a second. Thread-safe.
    std::optional<double> audio_peak(HostTime now) const;
    const TakeWriter& take() const { return writer_; }

 private:
    /// A track's state; used by the writing thread only, until it has ended.
    struct VideoTrack {
        std::unique_ptr<TrackEncoder> encoder;  // null: the JPEG pool
        VideoTrackInput input;
        TrackStatistics statistics;
        std::shared_ptr<const PartRecord> part = {};  // of the last packet written
        bool needs_key = false;                       // a packet was lost: those before the next keyframe can't be used
        ReorderBuffer<EncodedFrame> order = {};
        bool corrupt_noted = false;
        int failures = 0;  // to write, since the last success
    };
    struct AudioTrack {
        AudioTrackInput input;
        TrackStatistics statistics;
        int failures = 0;
    };

    struct DataTrack {
        DataTrackInput input;
        TrackStatistics statistics;
        int failures = 0;
    };

    TakeSink(TakeSinkOptions options, TakeWriter writer);
    Result<TrackId> make_track(std::function<Result<TrackId>(TakeWriter&)> make);
    void write_loop();
    void sync_loop();
    void write(EncodedFrame encoded);
    void store(VideoTrack& track, const EncodedFrame& frame);
    Status write_frame(VideoTrack& track, const EncodedFrame& frame);
    Result<std::unique_ptr<TrackEncoder>> start_encoder(TrackId id, const VideoDescription& description,
                                                        const VideoTrackOptions& track);
    void write(const TrackBlock& stored);
    void write(const TrackPacket& stored);
    void write(const JournalRecord& record);
    void write(NewTrack track);
    void write_drops();
    /// `in_row`: a track's failures since its last success.
    void write_failed(const Error& error, int in_row);
    void end_early(const std::string& why);
    void watch_disk(HostTime now);

    const TakeSinkOptions options_;
    TakeWriter writer_;
    HostTime start_;
    WriteQueue queue_;
    EventLog events_;
    JpegPool pool_;
    TrackList<VideoTrack> videos_;
    TrackList<AudioTrack> audios_;
    TrackList<DataTrack> data_;
    std::thread writing_, syncing_;
    bool started_ = false, pool_started_ = false, drained_ = false;
    std::atomic<std::uint64_t> video_bytes_{0}, data_bytes_{0};  // written by the writing thread
    DiskWatch disk_watch_;                                       // the writing thread's
    HostTime ended_at_;                                          // the writing thread's

    mutable Mutex mutex_;
    ConditionVariable wake_sync_;
    bool end_sync_ ONETAKE_GUARDED_BY(mutex_) = false;
    std::string why_ended_ ONETAKE_GUARDED_BY(mutex_);
    std::deque<HostTime> marked_ ONETAKE_GUARDED_BY(mutex_);  // when, of the last second
    bool marks_closed_ ONETAKE_GUARDED_BY(mutex_) = false;
};

}  // namespace onetake
