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

/// A stored picture, decoded, at its media time.
struct DecodedFrame {
    int track = 0;            ///< of the file
    std::int64_t number = 0;  ///< in the take, from 1
    PlanarImage image;
    MediaTime time;
};
/// A stored picture as its JPEG.
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

/// What of a track's journal could not be given out.
struct TrackLoss {
    TrackId track;
    std::uint64_t named = 0;  ///< frames or samples (per channel, of the raw sound) that the journal names
    std::uint64_t lost = 0;   ///< of those, missing or damaged on disk, or with a stamp that no file can hold
};

struct MediaReaderOptions {
    std::string take_folder;
    bool copy = false;        ///< give out JPEGs, not pictures
    Duration audio_offset{};  ///< how far all sound is moved, positive: later; 0: as the take says
    /// Set while the take may still be recorded: called where nothing more is known yet; waits a moment, and returns
    /// false once everything is written.
    std::function<bool()> wait_for_more;
    EnhancedAudioReader enhanced;  ///< taken for the first audio track, where there is any
    /// `audio`: everything waits for the first audio track, whose samples are given out to be kept as they are.
    SyncReference sync_reference = SyncReference::system;
    /// What comes later after what came before it in its track is lost: its stamp can't be right, or can't be written.
    Duration longest_gap = std::chrono::hours(6);
};

/// Reads a take's media as its journal tells: the half of a rendering that comes before the encoders. Thread-bound.
class MediaReader {
 public:
    /// Opens the take and waits until its origin is known. Errors: not_found for a take without media.
    static Result<std::unique_ptr<MediaReader>> open(MediaReaderOptions options);

    const std::vector<TrackRecord>& tracks() const { return source_.tracks(); }
    const TakeRecord& take() const { return source_.take(); }
    /// UTC of media time 0; 1970 where the take does not know it.
    WallTime creation_time() const { return source_.wall_time(*source_.origin()); }

    /// What the track's JPEGs say: the first that can be decoded and has the recorded size, else the size that most of
    /// the first ones have. Looks at frames 1 to `last`. Empty for a track without a picture.
    std::optional<JpegInfo> find_frame_format(const TrackRecord& track, std::int64_t last);
    /// The WAV that a track's sound is read from; null without sound.
    const WavReader* wav(TrackId track) const;
    /// Gives a track's media out under this number of the file's. A track that is not mapped is passed over. Pictures
    /// of another size than `picture` are lost.
    void map_video(TrackId track, int file_track, const JpegInfo& picture);
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
        MediaTime last;  ///< of the last frame given out
        std::uint64_t named = 0, lost = 0;
    };
    struct Audio {
        std::optional<int> file_track;
        std::optional<WavReader> wav;
        std::optional<int> raw_rate;  ///< Hz, of the raw sound; set where `wav` holds the enhanced one
        bool begun = false;
        MediaTime last;  ///< end of the last run given out
        std::uint64_t named = 0, lost = 0;
    };

    MediaReader(MediaReaderOptions options, TakeSource source)
        : options_(std::move(options)), source_(std::move(source)) {}
    Status open_tracks();
    void take_enhanced(Audio& audio);
    Result<std::optional<TakeEvent>> next_event();
    void choose_reference();
    bool give_in_turn(TakeEvent event, BoundedQueue<RenderItem>& out);
    bool give_waiting(std::size_t most_left, BoundedQueue<RenderItem>& out);
    bool give(const TakeEvent& event, BoundedQueue<RenderItem>& out);
    bool give(const StoredFrame& frame, BoundedQueue<RenderItem>& out);
    bool give(const StoredAudio& sound, BoundedQueue<RenderItem>& out);
    bool is_reference(TrackId track) const { return reference_ && track == reference_track_; }
    MediaTime file_time(HostTime t) const;
    void note(std::string text);
    std::span<const std::uint8_t> jpeg() const;

    const MediaReaderOptions options_;
    Status enhancement_;  ///< why enhanced sound that was promised did not come
    TakeSource source_;
    std::optional<TakeEvent> first_event_;
    std::optional<JpegDecoder> decoder_;
    std::shared_ptr<BufferPool> pictures_;
    std::map<int, Video> videos_;  // by track number
    std::map<int, Audio> audios_;
    std::optional<SampleTimeline> reference_;  // the sound card's, where it is the reference
    TrackId reference_track_;
    std::deque<TakeEvent> waiting_;  // for the reference to tell their time
    std::string bytes_;              // kept for its capacity
    std::vector<std::string> notes_;
};

}  // namespace onetake
