#pragma once

#include "base/wake_event.h"
#include "record/chunk_gate.h"
#include "record/marker_socket.h"
#include "record/open_sources.h"
#include "record/progress_meter.h"
#include "record/start_barrier.h"
#include "record/take_names.h"
#include "sink/take_sink.h"

#include <onetake/config.h>
#include <onetake/event.h>
#include <onetake/metrics.h>
#include <onetake/progress.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onetake {

/// How a video track is encoded, where this is not as configured.
struct VideoTrackSetup {
    LiveVideoSettings encode;
    int width = 0, height = 0;  ///< of the frames that a program pushes
    ColorRange range = ColorRange::limited;
    decltype(TrackEncoderOptions::open) open_encoder = {};    ///< see TrackEncoderOptions
    std::function<void(const Error&)> on_encoder_error = {};  ///< see TrackEncoderOptions
};

struct RecordingOptions {
    TakeNames names;                       ///< the take gets the first that is free
    std::vector<std::string> notes;        ///< on what the take does without
    EventCallback on_event;                ///< see TakeSinkOptions
    bool keep_size = false;                ///< encoded tracks: frames of another size are scaled to that of the first
    std::optional<PixelRange> range = {};  ///< of encoded tracks; unset: the source's
    bool late_tracks = false;              ///< pushed tracks may come and go while recording
    /// Of another recorder, added to the configuration in the journal: its name and a JSON object. Empty: none.
    std::pair<std::string, std::string> extra_config = {};
    bool work_take = false;  ///< the take is removed when a file has been made of it: see Recording::close()
    std::vector<VideoTrackSetup> video = {};  ///< by track; empty: all as configured
    ChunkGate* chunks = nullptr;              ///< of a recording in chunks, which must outlive it
    /// Those of the configuration's tracks, opened already; they don't wait for each other to begin.
    std::optional<OpenedSources> sources = {};
};

/// One take while it is recorded: its sources and its sink.
class Recording {
 public:
    /// Opens the devices, creates the take, and starts recording.
    static Result<std::unique_ptr<Recording>> start(const RecorderConfig& config, RecordingOptions options);
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording();

    /// Stops sources, pool, writer, in this order. Once.
    void end_capture();
    /// Whether anything was stored. After end_capture().
    bool has_media() const;
    /// The capture window. After end_capture().
    Duration length() const { return end_ - start_; }
    /// Closes the take. Once, after end_capture(). A work take gets its `end` record and its manifest from keep() only,
    /// unless its disk is full: both are read from the complete journal, and nobody needs them of a take that is
    /// removed.
    Result<TakeResult> close();
    /// Whether the take has its `end` record and its manifest, or could not get them.
    bool is_closed() const { return is_closed_; }
    /// Of each camera, or test source in place of one, that was opened and delivered nothing: a line that names it.
    /// After close(), with its metrics.
    std::vector<std::string> silent_cameras(const Metrics& metrics) const;
    /// A work take stays: closes it as any other. After close(), with its result, and while it is not closed.
    Status keep(TakeResult& result);

    /// The source of pushed track `track`, as in the configuration, from 0. Errors: refused, if it is not pushed. The
    /// sources are thread-safe.
    Result<PushVideoSource*> pushed_video(int track) const;
    Result<PushAudioSource*> pushed_audio(int track) const;
    /// Of data track `track`, from 0. Errors: refused, if there is none.
    Result<PushDataSource*> pushed_data(int track) const;

    /// A pushed track that was added while recording.
    template <class Source>
    struct Added {
        Source* source = nullptr;
        TrackId track;
    };
    /// Adds a track to a take with late tracks, until end_capture(). These three from one thread. Errors:
    /// TakeSink::add_video()'s and add_audio()'s.
    Result<Added<PushVideoSource>> add_video(const VideoTrackConfig& track);
    Result<Added<PushAudioSource>> add_audio(const AudioTrackConfig& track);
    /// TakeSink::end_track().
    void end_track(TrackId track) { sink_->end_track(track); }
    /// A message for people, once.
    void note(std::string text, EventKind kind = EventKind::note) { sink_->note(std::move(text), kind); }

    /// Stores a marker at `t`, seconds on CLOCK_MONOTONIC, else now. Thread-safe. Errors: TakeSink::mark()'s.
    Status mark(std::string_view text, std::optional<double> t);

    /// Adds a record to the take's journal. Thread-safe; does nothing after end_capture().
    void write_later(JournalRecord record) { sink_->write_later(std::move(record)); }
    const std::string& id() const { return sink_->take().id(); }

    /// Whether the disk is full or can't be written; the take must be closed then.
    bool ended_early() const { return sink_->ended_early(); }
    /// Readable from then on, for poll().
    int ended_early_fd() const { return ended_early_.fd(); }

    /// From one thread at a time.
    Progress progress() { return meter_->measure(host_now(), *sink_); }
    const std::string& name() const { return sink_->take().name(); }

 private:
    Recording(const RecorderConfig& config, RecordingOptions options, WakeEvent ended_early)
        : config_(config), options_(std::move(options)), ended_early_(std::move(ended_early)) {}
    Status open_sink();
    Status add_tracks();
    Result<VideoTrackInput*> add_input(const OpenedSources::Video& video);
    /// Writes the configured and the calibrated audio offset into the take.
    Status write_offsets();
    Status start_sources();
    void stop_sources();
    void remove_take();

    const RecorderConfig config_;
    RecordingOptions options_;
    const WakeEvent ended_early_;
    SystemClock clock_;  // of test sources
    std::unique_ptr<TakeSink> sink_;
    std::unique_ptr<StartBarrier> start_barrier_;
    std::vector<std::unique_ptr<BarrierVideoReceiver>> video_receivers_;  // one per source; null: no barrier
    std::vector<std::unique_ptr<BarrierAudioReceiver>> audio_receivers_;
    std::vector<VideoReceiver*> video_inputs_;  // the receiver of each source
    std::vector<AudioReceiver*> audio_inputs_;  // null: no source
    std::vector<DataReceiver*> data_inputs_;
    OpenedSources sources_;  // destroyed before what they deliver to
    bool finished_ = false, is_closed_ = false;
    HostTime start_, end_;
    std::optional<ProgressMeter> meter_;
    std::unique_ptr<MarkerSocket> marker_socket_;
};

}  // namespace onetake
