#pragma once

#include "base/mutex.h"
#include "media/chunk_grid.h"
#include "media/source.h"
#include "sink/take_sink.h"
#include "take/journal.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// Between the sources of a recording in chunks and its tracks: sets the origin with the first media, refuses what is
/// before it or of a chunk that needs not wait any longer, and knows which tracks deliver nothing. Thread-safe.
class ChunkGate {
 public:
    /// `streams` of the chunks' files, in their order; those of tracks that are not added are left out. `origin`:
    /// unset: that of the first media.
    ChunkGate(std::chrono::milliseconds length, Duration stall_timeout, std::vector<ChunkStream> streams,
              std::optional<HostTime> origin = {});
    ChunkGate(const ChunkGate&) = delete;
    ChunkGate& operator=(const ChunkGate&) = delete;
    ~ChunkGate();

    const std::shared_ptr<ChunkGrid>& grid() const { return grid_; }

    // Before the sources start:
    /// The receiver for a source, in front of its track's input.
    VideoReceiver& add(VideoTrackInput& input);
    AudioReceiver& add(AudioTrackInput& input, int sample_rate);
    DataReceiver& add(DataTrackInput& input);
    /// All tracks were added.
    void connect(TakeSink& sink);
    /// Those of the chunks' files, with the encoders that were opened. After connect().
    std::vector<ChunkStream> streams() const {
        MutexLock lock(mutex_);
        return record_.streams;
    }

    /// What of a track is in flight. The track must have been added.
    const InFlightLimit& limit(TrackId track) const;
    /// The tracks that have delivered nothing for the timeout, each with a time before which it has nothing that is not
    /// in the journal; what comes for that time later is refused.
    std::vector<std::pair<TrackId, HostTime>> complete_tracks(HostTime now);

 private:
    struct Track {
        Track(TrackId id_, const InFlightLimit& in_flight_) : id(id_), in_flight(in_flight_) {}
        const TrackId id;
        const InFlightLimit& in_flight;
        Mutex mutex;                                   // held while media are passed on, which blocks for files at most
        HostTime delivered ONETAKE_GUARDED_BY(mutex);  // when last
        HostTime closed_before ONETAKE_GUARDED_BY(mutex) = HostTime::min();
        int last_in_flight ONETAKE_GUARDED_BY(mutex) = 0;
        HostTime unchanged_since ONETAKE_GUARDED_BY(mutex);
    };
    class Video;
    class Audio;
    class Data;

    Track& add_track(TrackId id, const InFlightLimit& in_flight);
    template <class Deliver>
    Delivery pass(Track& track, HostTime begin, HostTime end, Deliver&& deliver);
    void connect(TakeSink& sink, const std::vector<std::optional<StreamParams>>& params,
                 const std::vector<std::string>& encoders);
    void begin(HostTime origin);

    const std::shared_ptr<ChunkGrid> grid_;
    const Duration stall_timeout_;
    const std::optional<HostTime> wanted_origin_;
    std::vector<std::unique_ptr<Track>> tracks_;
    std::vector<std::unique_ptr<Video>> videos_;
    std::vector<std::unique_ptr<Audio>> audios_;
    std::vector<std::unique_ptr<Data>> data_;
    std::atomic<std::int64_t> newest_ns_;  // of all media
    mutable Mutex mutex_;
    ChunksRecord record_ ONETAKE_GUARDED_BY(mutex_);
    TakeSink* sink_ ONETAKE_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace onetake
