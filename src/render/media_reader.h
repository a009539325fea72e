#pragma once

#include "base/bounded_queue.h"
#include "codec/jpeg_decoder.h"
#include "media/chapter.h"
#include "media/jpeg_info.h"
#include "media/sample_timeline.h"
#include "media/timed_audio.h"
#include "render/encoded_track_reader.h"
#include "render/enhanced_audio_reader.h"
#include "take/data_file.h"
#include "take/take_source.h"
#include "take/wav.h"

#include <onetake/sync_reference.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace onetake {

/// A stored frame, decoded, at its media time.
struct DecodedFrame {
    int track = 0;            ///< of the file
    std::int64_t number = 0;  ///< in the take, from 1
    PlanarImage image;
    MediaTime time;
};
/// A stored frame as its JPEG or packet.
struct CopiedFrame {
    int track = 0;
    std::vector<std::uint8_t> bytes;
    MediaTime time;
    bool key = true;
    int part = 0;  ///< of an encoded track: where the packet was stored
};
struct PlacedAudio {
    int track = 0;   ///< of the file
    TrackId source;  ///< of the take
    TimedAudio run;
    std::int64_t first_sample = 0;  ///< in the file that it was read from
};
/// A stored data packet at its media time.
struct PlacedData {
    DataRecord record;
    std::vector<std::uint8_t> bytes;
    MediaTime time;
};
/// What feeds a track has left: nothing of it comes until it begins again.
struct PausedTrack {
    int track = 0;   ///< of the file
    TrackId source;  ///< of the take
    MediaTime time;
};
/// Media of a track that was unknown when the file's tracks were mapped; once per track.
struct UnmappedTrack {
    TrackId track;
    MediaTime time;
};
/// All media of a track before this time were emitted, although it may not have delivered any since.
struct TrackComplete {
    TrackId track;
    MediaTime until;
};
/// Markers are emitted only where asked for, all others as mapped; TrackComplete comes from who follows a recording.
using RenderItem = std::variant<DecodedFrame, CopiedFrame, PlacedAudio, PlacedData, PausedTrack, UnmappedTrack,
                                TrackComplete, Chapter>;

/// What of a track's journal could not be read.
struct TrackLoss {
    TrackId track;
    std::uint64_t named = 0;  ///< frames, packets, or samples (per channel, of the raw audio) that the journal names
    std::uint64_t lost = 0;   ///< of those, missing or damaged on disk, or with a stamp out of range
};

struct MediaReaderOptions {
    std::string take_folder;
    bool copy = false;        ///< emit JPEGs, not decoded frames; of encoded tracks see map_encoded()
    Duration audio_offset{};  ///< added to the time of all audio; 0: the take's own offset
    /// Set while the take may still be recorded: called when all stored data are read; waits a moment, and returns
    /// false once the take is complete.
    std::function<bool()> wait_for_more;
    EnhancedAudioReader enhanced;  ///< used for the first audio track, where there is any
    /// `audio`: the first audio track is the timeline: its samples are kept as they are, all other media wait for it.
    SyncReference sync_reference = SyncReference::system;
    /// Media further after their predecessor in the track are lost: the stamp is wrong, or can't be written.
    Duration longest_gap = std::chrono::hours(6);
    bool audio_only = false;  ///< leave out the video and data tracks
    /// Emit all tracks in about the order of their times: frames and data wait until the time of the audio before them
    /// is settled. What waits is not in memory.
    bool in_time_order = false;
    bool emit_markers = false;
    /// Media before this millisecond are not read, except audio some seconds before it.
    MediaTime begin{};
};

/// Reads a take's media in the order of its journal, for the encoders. Thread-bound.
class MediaReader {
 public:
    /// Opens the take and waits until its origin is known. Errors: not_found for a take without media.
    static Result<std::unique_ptr<MediaReader>> open(MediaReaderOptions options);

    /// Those that the journal names in front of the media, and those that were added.
    const std::vector<TrackRecord>& tracks() const { return tracks_; }
    /// Adds tracks that the journal names further on. Before any is mapped.
    void add_tracks(const std::vector<TakeTrack>& tracks);
    const TakeRecord& take() const { return source_.take(); }
    /// The instant of media time 0.
    HostTime origin() const { return *source_.origin(); }
    /// UTC of media time 0; 1970 if unknown.
    WallTime creation_time() const { return source_.wall_time(*source_.origin()); }

    /// The format of the track's JPEGs: that of the first readable one with the recorded size, else the most frequent
    /// size among the first ones. Reads frames 1 to `last`. Empty for a track without a readable frame.
    std::optional<JpegInfo> find_frame_format(const TrackRecord& track, std::int64_t last);
    /// The WAV that a track's audio is read from; null without audio.
    const WavReader* wav(TrackId track) const;
    /// Whether the first audio track is read from enhanced audio.
    bool uses_enhanced() const;
    /// Emits a track's media under this track number of the file. Tracks that are not mapped are skipped. Frames of
    /// another size than `format` are lost.
    void map_video(TrackId track, int file_track, const JpegInfo& format);
    void map_audio(TrackId track, int file_track);
    /// The first part of an encoded track; null for a track without a frame.
    const PartRecord* first_part(TrackId track) const;
    /// Emits an encoded track: its packets, or its decoded frames in the size of the first part.
    void map_encoded(TrackId track, int file_track, bool copy);

    /// Emits the packets of a data track.
    void map_data(TrackId track);

    /// How a recording that goes into chunks is divided; empty for others.
    const std::optional<ChunksRecord>& chunks() const { return source_.chunks(); }
    /// Whether audio of the track was read whose time is not settled yet.
    bool has_unsettled(TrackId track) const { return source_.unsettled_from(track).has_value(); }
    /// End of the audio of the track that was read, by its stamps; empty before the first.
    std::optional<HostTime> audio_read_until(TrackId track) const { return source_.audio_read_until(track); }
    /// See TakeSource::settle_audio(). In wait_for_more only.
    void settle_audio(TrackId track) { source_.settle_audio(track); }

    /// Reads everything, to the end or until the queue is closed.
    Status run(BoundedQueue<RenderItem>& out);

    // After run().
    /// The take's markers at their media times, in order.
    std::vector<Chapter> markers() const;
    std::vector<TrackLoss> losses() const;
    std::vector<std::string> take_notes();

 private:
    struct Video {
        std::optional<int> file_track;
        int width = 0, height = 0;
        UniqueFd frames;
        std::optional<EncodedTrackReader> encoded;  // of an encoded track that is mapped
        bool copy = false;                          // its packets
        ColorInfo color;
        std::optional<MediaTime> last;  ///< of the last emitted frame
        std::uint64_t named = 0, lost = 0;
    };
    struct Audio {
        std::optional<int> file_track;
        std::optional<WavReader> wav;
        std::optional<int> raw_rate;  ///< Hz, of the raw audio; set where `wav` holds the enhanced one
        bool begun = false;
        std::optional<MediaTime> last;  ///< end of the last emitted run
        std::uint64_t named = 0, lost = 0;
    };

    struct Data {
        bool mapped = false;
        std::optional<DataFileReader> file;
        std::optional<MediaTime> last;  ///< of the last emitted packet
        std::uint64_t named = 0, lost = 0;
    };

    MediaReader(MediaReaderOptions options, TakeSource source)
        : options_(std::move(options)), source_(std::move(source)) {}
    Status open_tracks();
    void open_track(const TrackRecord& t);
    void take_enhanced(Audio& audio);
    Result<std::optional<TakeEvent>> next_event();
    void choose_reference();
    bool emit_in_order(TakeEvent event, BoundedQueue<RenderItem>& out);
    bool emit_waiting(std::size_t most_left, BoundedQueue<RenderItem>& out);
    bool may_go(const TakeEvent& event) const;
    bool is_before_begin(MediaTime t) const;
    bool emit_new_markers(BoundedQueue<RenderItem>& out);
    bool emit(const TakeEvent& event, BoundedQueue<RenderItem>& out);
    bool emit(const StoredFrame& frame, BoundedQueue<RenderItem>& out);
    bool emit_encoded(Video& video, const StoredFrame& frame, MediaTime time, BoundedQueue<RenderItem>& out);
    bool lose(Video& video, const StoredFrame& frame, std::string_view why);
    bool emit(const StoredAudio& stored, BoundedQueue<RenderItem>& out);
    bool emit(const StoredData& stored, BoundedQueue<RenderItem>& out);
    bool emit(const StoredTrackEnd& end, BoundedQueue<RenderItem>& out);
    /// Media of a track without a place in the file, at `t`.
    bool leave_out(TrackId track, HostTime t, BoundedQueue<RenderItem>& out);
    bool is_reference(TrackId track) const { return reference_ && track == reference_track_; }
    MediaTime file_time(HostTime t) const;
    /// Why no file can hold media at `t` after a track's `last`; empty if it can.
    std::string too_late(std::optional<MediaTime> last, MediaTime t) const;
    void note(std::string text);
    std::span<const std::uint8_t> jpeg() const;

    const MediaReaderOptions options_;
    Status enhancement_;  ///< why the enhanced audio failed
    TakeSource source_;
    std::shared_ptr<const TakeDir> dir_;
    std::optional<TakeEvent> first_event_;
    std::vector<TrackRecord> tracks_;
    std::map<int, PartRecord> first_parts_;  // of tracks that were added, by track number
    std::set<std::pair<TrackKind, int>> left_out_;
    std::optional<JpegDecoder> decoder_;
    std::shared_ptr<BufferPool> images_;
    std::map<int, Video> videos_;  // by track number
    std::map<int, Audio> audios_;
    std::map<int, Data> data_;
    std::optional<SampleTimeline> reference_;  // the sound card's, where it is the reference
    TrackId reference_track_;
    std::deque<TakeEvent> waiting_;  // until the reference timeline covers them, or the audio before them is settled
    std::size_t markers_emitted_ = 0;
    std::string bytes_;  // reused
    std::vector<std::string> notes_;
};

}  // namespace onetake
