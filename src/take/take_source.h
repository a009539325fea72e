#pragma once

#include "take/journal_reader.h"
#include "take/take_origin.h"
#include "take/track_clock.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace onetake {

/// A stored frame with its capture time.
struct StoredFrame {
    TrackId track;
    std::int64_t number = 0;
    HostTime time;
    std::uint64_t bytes = 0;
    std::optional<PacketPlace> packet = {};  ///< of an encoded track
};

/// A span of stored audio with the times assigned by the audio clock model.
struct StoredAudio {
    TrackId track;
    AudioSpan span;
};

/// A stored data packet.
struct StoredData {
    DataRecord record;
};

/// The media of a track end here, or pause: what feeds it has left. All of them up to here were emitted.
struct StoredTrackEnd {
    TrackId track;
    HostTime time;
};

using TakeEvent = std::variant<StoredFrame, StoredAudio, StoredData, StoredTrackEnd>;

/// Plays a take: frames, audio and data, each track in order, audio behind video by as much as the audio clock model
/// looks ahead. Reads only the journal; the media are read by the caller. The events depend only on the journal's
/// records, so following a recording yields the same events as playing it later. Memory is bounded. Thread-bound.
class TakeSource {
 public:
    enum class Follow { no, yes };
    /// `follow`: the take may still be recorded, so the journal may grow after its current end.
    static Result<TakeSource> open(const std::string& take_folder, Follow follow = Follow::no);
    /// The same for an open journal, at its start.
    static Result<TakeSource> play_from(JournalReader reader, Follow follow = Follow::no);

    /// The next event; empty at the end, or, while following, if no further event is known yet.
    Result<std::optional<TakeEvent>> next();
    /// Whether the end has been reached.
    bool ended() const { return ended_ && events_.empty(); }
    /// While following: nothing more will be written; the rest of the journal is played to its end.
    void stop_following() { follow_ = Follow::no; }
    /// The clock of an audio track that may not deliver any more settles what it has; a later block begins anew. It
    /// would settle by itself only when later audio is known.
    void settle_audio(TrackId track);
    /// The earliest audio that was read and is not settled: no event before it is missing; empty if there is none.
    std::optional<HostTime> unsettled_from() const;
    std::optional<HostTime> unsettled_from(TrackId track) const;
    /// End of the last block of an audio track that was read, by its stamp; empty before the first.
    std::optional<HostTime> audio_read_until(TrackId track) const;
    /// Parts of a track before this one are not needed any more.
    void forget_parts_before(TrackId track, int number);

    const TakeRecord& take() const { return reader_.take(); }
    const std::vector<TrackRecord>& tracks() const { return tracks_; }
    /// A part of an encoded track whose frames have been emitted, or will be next; null if the journal has no record of
    /// it. Valid until the next call of next().
    const PartRecord* part(TrackId track, int number) const;
    /// Media time 0 of a rendered file (docs/clocks.md); empty until known, which is before the first event.
    std::optional<HostTime> origin() const { return origin_; }
    /// Offset that rendering adds to a track's audio, positive: later. `configured` if it is not 0, else the one
    /// configured while recording, minus the calibrated one.
    Duration audio_shift(TrackId audio, Duration configured) const;
    /// UTC of a time near the take's start; 0 if unknown.
    WallTime wall_time(HostTime t) const;
    /// The markers read so far.
    const std::vector<MarkRecord>& markers() const { return markers_; }
    /// Set if the take's media go into chunks; known with the origin.
    const std::optional<ChunksRecord>& chunks() const { return chunks_; }
    std::uint64_t journal_offset() const { return reader_.offset(); }
    std::uint64_t bad_lines() const { return reader_.bad_lines(); }

 private:
    struct AudioState {
        explicit AudioState(const AudioDescription& audio)
            : description(audio), clock(std::make_unique<AudioClock>(track_clock(audio))) {}
        AudioDescription description;
        std::unique_ptr<AudioClock> clock;
        std::int64_t added = 0, settled = 0;  // samples: ends of the last block and of the last span
        HostTime settled_until;               // before the first span: time of the first block
        std::optional<HostTime> read_until;
        bool anew = false;  // the next span is the first of another clock
    };

    TakeSource(JournalReader reader, Follow follow) : reader_(std::move(reader)), follow_(follow) {}
    Status read_one();
    void add_pending(JournalRecord record);
    void set_origin();
    void emit(const JournalRecord& record);
    void emit_end(const TrackEndRecord& record);
    /// All samples that were added are emitted.
    void finish_clock(TrackId track, AudioState& audio);
    /// The same, and what comes next has a clock of its own.
    void renew_clock(TrackId track, AudioState& audio);
    void emit_spans(TrackId track, AudioState& audio);
    void end();

    JournalReader reader_;
    Follow follow_;
    std::vector<TrackRecord> tracks_;
    std::map<std::pair<int, int>, PartRecord> parts_;  // by track number and part
    std::map<int, Duration> calibrated_, configured_;  // delay of the audio, by audio track number
    std::vector<MarkRecord> markers_;
    std::optional<ChunksRecord> chunks_;
    std::optional<ClockReading> clock_;
    std::map<int, AudioState> audio_tracks_;  // by track number
    OriginSearch origin_search_;
    std::deque<JournalRecord> pending_;  // until the origin is known
    std::optional<HostTime> origin_;
    std::deque<TakeEvent> events_;
    std::vector<AudioSpan> spans_;  // reused for its capacity
    bool ended_ = false;
};

/// A track by the journal.
struct TakeTrack {
    TrackRecord record;
    bool has_media = false;
    std::optional<PartRecord> first_part = {};  ///< of an encoded track
};

/// Totals of a take, from one pass over its journal.
struct TakeTotals {
    std::vector<TakeTrack> tracks;
    std::uint64_t frames = 0;   ///< all video tracks
    std::uint64_t samples = 0;  ///< all audio tracks, per channel
    std::uint64_t blocks = 0;
    std::uint64_t packets = 0;  ///< all data tracks
    std::uint64_t media_bytes = 0;
    Duration length{};  ///< from the first to the last stamp, including the last frame's or block's duration if known
    std::optional<EndRecord> end;
    std::vector<PartRecord> parts;  ///< of encoded tracks, in the order of the journal
};
Result<TakeTotals> count_take(const std::string& take_folder);

}  // namespace onetake
