#pragma once

#include "media/audio_clock.h"
#include "take/journal_reader.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace onetake {

/// A stored frame with its capture instant.
struct StoredFrame {
    TrackId track;
    std::int64_t number = 0;
    HostTime time;
    std::uint64_t bytes = 0;
};

/// A run of stored sound with the instants the audio clock model gives it.
struct StoredSound {
    TrackId track;
    AudioSpan span;
};

using TakeEvent = std::variant<StoredFrame, StoredSound>;

/// Plays a take: its frames and its sound, each track in order, sound as far behind the pictures as the audio clock
/// model needs to be sure. Reads the journal alone; the media are read by who wants them. What comes out depends on the
/// journal's records only, so following a recording gives the same as playing it later. Memory is bounded.
/// Thread-bound.
class TakeSource {
 public:
    enum class Follow { no, yes };
    /// `follow`: the take may still be recorded; the end of the journal is then not the end of the take.
    static Result<TakeSource> open(const std::string& take_folder, Follow follow = Follow::no);
    /// The same of a journal that is open, at its beginning.
    static Result<TakeSource> play_from(JournalReader reader, Follow follow = Follow::no);

    /// The next event; empty at the end, or, while following, where nothing more is known yet.
    Result<std::optional<TakeEvent>> next();
    /// Whether the end has been reached.
    bool ended() const { return ended_ && events_.empty(); }
    /// While following: nothing more will be written. What is there is played to its end.
    void stop_following() { follow_ = Follow::no; }

    const TakeRecord& take() const { return reader_.take(); }
    const std::vector<TrackRecord>& tracks() const { return tracks_; }
    /// Media time 0 of a rendered file (docs/clocks.md); empty until it is known, which is before the first event.
    std::optional<HostTime> origin() const { return origin_; }
    /// How far rendering moves a track's sound, positive: later. `configured` if it is not 0, else what was configured
    /// while recording; and back by what was calibrated.
    Duration sound_move(TrackId audio, Duration configured) const;
    /// UTC of an instant near the take's beginning; 0 if it can't be told.
    WallTime wall_time(HostTime t) const;
    std::uint64_t journal_offset() const { return reader_.offset(); }
    std::uint64_t bad_lines() const { return reader_.bad_lines(); }

 private:
    struct Sound {
        explicit Sound(const AudioDescription& audio);
        int rate;
        AudioClock clock;
        std::optional<HostTime> first;  ///< stamp of the first block
        std::optional<HostTime> begin;  ///< earliest place of sample 0, by any block so far
        std::int64_t samples = 0;
    };

    TakeSource(JournalReader reader, Follow follow) : reader_(std::move(reader)), follow_(follow) {}
    Status read_one();
    void hold(JournalRecord record);
    bool origin_is_known(bool at_end) const;
    void set_origin();
    void play(const JournalRecord& record);
    void end();

    JournalReader reader_;
    Follow follow_;
    std::vector<TrackRecord> tracks_;
    std::map<int, Duration> calibrated_, configured_;  // sound late by so much; by audio track number
    std::optional<ClockReading> clock_;
    std::map<int, Sound> sounds_;           // by track number
    std::map<int, HostTime> first_frames_;  // by track number
    std::optional<HostTime> earliest_, latest_;
    std::deque<JournalRecord> held_;  // until the origin is known
    std::optional<HostTime> origin_;
    std::deque<TakeEvent> events_;
    std::vector<AudioSpan> spans_;  // kept for its capacity
    bool ended_ = false;
};

/// Numbers of a take, from one pass over its journal.
struct TakeTotals {
    std::uint64_t frames = 0;   ///< all video tracks
    std::uint64_t samples = 0;  ///< all audio tracks, per channel
    std::uint64_t blocks = 0;
    std::uint64_t media_bytes = 0;
    Duration length{};  ///< from the first to the last stamp, the last frame or block included as far as known
    std::optional<EndRecord> end;
};
Result<TakeTotals> count_take(const std::string& take_folder);

}  // namespace onetake
