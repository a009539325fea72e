#pragma once

#include "base/background_job.h"
#include "base/mutex.h"
#include "record/chunk_gate.h"
#include "record/event_queue.h"
#include "record/recording.h"
#include "render/chunk_render.h"

#include <onetake/chunked_writer.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace onetake {

struct ChunkSessionOptions {
    std::string directory;  ///< of the chunks
    std::string name;       ///< of the recording
    std::chrono::milliseconds length{60'000};
    Duration stall_timeout = std::chrono::seconds(10);
    std::optional<HostTime> origin = {};  ///< unset: the first media
    RecorderConfig recorder;              ///< the tracks' sources
    std::vector<VideoTrackSetup> video;   ///< by video track
    std::vector<ChunkStream> streams;     ///< in the order of the files; video parameters are filled in
    std::function<std::string(const std::string&, double, const std::string&)> start_chunk_callback;
    EventCallback on_event;
};

/// One recording in chunks: a take, and the chunks that are made from it while it is recorded. The take lies in the
/// folder of the chunks, and is removed when all of it is in them. Thread-bound, except recording().
class ChunkSession {
 public:
    /// Errors: ChunkedWriter::start()'s.
    /// `sources`: see RecordingOptions.
    static Result<std::unique_ptr<ChunkSession>> start(ChunkSessionOptions options,
                                                       std::optional<OpenedSources> sources = {});
    ChunkSession(const ChunkSession&) = delete;
    ChunkSession& operator=(const ChunkSession&) = delete;
    /// Stops.
    ~ChunkSession();

    Recording& recording() { return *recording_; }
    /// What of a track is in flight.
    const InFlightLimit& limit(TrackId track) const { return gate_.limit(track); }
    /// A message for people, from any thread.
    void report(EventKind kind, const std::string& track, std::string text);
    /// Ends the recording and finishes all chunks. What was refused is not counted.
    Result<ChunkedResult> stop(const ProgressCallback& on_progress);

 private:
    struct ProgressRelay;

    explicit ChunkSession(ChunkSessionOptions options);
    Status begin(std::optional<OpenedSources> sources);
    Result<ChunkRenderReport> make_chunks();
    std::string id_of(std::int64_t number, WallTime begin);
    void finished(const FinishedChunk& chunk);
    std::vector<ChunkedStream> streams_of(const Metrics& metrics, const ChunkRenderReport& report) const;

    ChunkSessionOptions options_;
    EventQueue events_;
    ChunkGate gate_;
    std::unique_ptr<Recording> recording_;
    std::set<std::string> ids_;  // given by the callback; the job's
    bool stopped_ = false;

    Mutex mutex_;
    std::vector<WrittenChunk> chunks_ ONETAKE_GUARDED_BY(mutex_);
    ProgressCallback on_progress_ ONETAKE_GUARDED_BY(mutex_);
    std::unique_ptr<RenderProgress> progress_;
    std::optional<BackgroundJob<ChunkRenderReport>> job_;  // destroyed first
};

/// The folder of a recording's take, in that of its chunks.
std::string chunk_take_name(const std::string& name);

}  // namespace onetake
