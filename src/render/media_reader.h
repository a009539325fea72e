#pragma once

#include "base/bounded_queue.h"
#include "codec/jpeg_decoder.h"
#include "media/jpeg_info.h"
#include "media/sample_timeline.h"
#include "media/timed_audio.h"
#include "render/enhanced_audio_reader.h"
#include "take/take_source.h"
#include "take/wav.h"

#include <onetake/sync_reference.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
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
/// A stored frame as its JPEG.
struct CopiedFrame {
    int track = 0;
    std::vector<std::uint8_t> jpeg;
    MediaTime time;
};
struct PlacedAudio {
    int track = 0;
    TimedAudio run;
};
using RenderItem = std::variant<DecodedFrame, CopiedFrame, PlacedAudio>;

/// What of a track's journal could not be read.
struct TrackLoss {
    TrackId track;
    std::uint64_t named = 0;  ///< frames or samples (per channel, of the raw audio) that the journal names
    std::uint64_t lost = 0;   ///< of those, missing or damaged on disk, or with a stamp out of range
};

struct MediaReaderOptions {
    std::string take_folder;
    bool copy = false;        ///< emit JPEGs, not decoded frames
    Duration audio_offset{};  ///< added to the time of all audio; 0: the take's own offset
    /// Set while the take may still be recorded: called when all stored data are read; waits a moment, and returns
    /// false once the take is complete.
    std::function<bool()> wait_for_more;
    EnhancedAudioReader enhanced;  ///< used for the first audio track, where there is any
    /// `audio`: the first audio track is the timeline: its samples are kept as they are, all other media wait for it.
    SyncReference sync_reference = SyncReference::system;
    /// Media further after their predecessor in the track are lost: the stamp is wrong, or can't be written.
    Duration longest_gap = std::chrono::hours(6);
};

/// Reads a take's media in the order of its journal, for the encoders. Thread-bound.
class MediaReader {
 public:
    /// Opens the take and waits until its origin is known. Errors: not_found for a take without media.
    static Result<std::unique_ptr<MediaReader>> open(MediaReaderOptions options);

    const std::vector<TrackRecord>& tracks() const { return source_.tracks(); }
    const TakeRecord& take() const { return source_.take(); }
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

    /// Reads everything, to the end or until the queue is closed.
    Status run(BoundedQueue<RenderItem>& out);

    // After run().
    std::vector<TrackLoss> losses() const;
    std::vector<std::string> take_notes();

 private:
    struct Video {
        std::optional<int> file_track;
        int width = 0, height = 0;
        UniqueFd frames;
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

    MediaReader(MediaReaderOptions options, TakeSource source)
        : options_(std::move(options)), source_(std::move(source)) {}
    Status open_tracks();
    void take_enhanced(Audio& audio);
    Result<std::optional<TakeEvent>> next_event();
    void choose_reference();
    bool emit_in_order(TakeEvent event, BoundedQueue<RenderItem>& out);
    bool emit_waiting(std::size_t most_left, BoundedQueue<RenderItem>& out);
    bool emit(const TakeEvent& event, BoundedQueue<RenderItem>& out);
    bool emit(const StoredFrame& frame, BoundedQueue<RenderItem>& out);
    bool emit(const StoredAudio& stored, BoundedQueue<RenderItem>& out);
    bool is_reference(TrackId track) const { return reference_ && track == reference_track_; }
    MediaTime file_time(HostTime t) const;
    /// Why no file can hold media at `t` after a track's `last`; empty if it can.
    std::string too_late(std::optional<MediaTime> last, MediaTime t) const;
    void note(std::string text);
    std::span<const std::uint8_t> jpeg() const;

    const MediaReaderOptions options_;
    Status enhancement_;  ///< why the enhanced audio failed
    TakeSource source_;
    std::optional<TakeEvent> first_event_;
    std::optional<JpegDecoder> decoder_;
    std::shared_ptr<BufferPool> images_;
    std::map<int, Video> videos_;  // by track number
    std::map<int, Audio> audios_;
    std::optional<SampleTimeline> reference_;  // the sound card's, where it is the reference
    TrackId reference_track_;
    std::deque<TakeEvent> waiting_;  // until the reference timeline covers them
    std::string bytes_;              // reused
    std::vector<std::string> notes_;
};

}  // namespace onetake
