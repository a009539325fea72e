#pragma once

#include "base/files.h"
#include "take/disk_reserve.h"
#include "take/journal.h"
#include "take/take_dir.h"
#include "take/wav.h"

#include <onetake/metrics.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace onetake {

struct TakeWriterOptions {
    std::string data_dir = "av_data";
    std::string name;
    std::string program;
    std::string config_json = "{}";
    bool fsync = false;  ///< every write reaches the disk before the next
};

/// Owns every file of a take while it is recorded, and writes them in the order docs/take-format.md promises. They are
/// reached through the open folder: renaming it, or one above it, harms nothing. Thread-bound, except sync_all().
/// Destroyed without finish(), it leaves a broken take: whole up to the last record.
class TakeWriter {
 public:
    /// Makes the folder and begins the journal. Errors: a bad or taken name, a folder that can't be written.
    static Result<TakeWriter> create(const TakeWriterOptions& options, const ClockReading& now);

    /// Makes the track's folder or WAV and its record. Numbers count from 1 for each kind.
    Result<TrackId> add_video_track(const VideoDescription& description);
    Result<TrackId> add_audio_track(const AudioDescription& description);

    /// Stores a frame and gives it the track's next number. After an error nothing of it is left.
    Status write_frame(TrackId track, std::span<const std::uint8_t> jpeg, const FrameStamp& stamp);
    /// Stores a block behind what the track holds.
    Status write_block(TrackId track, const AudioBlock& block);
    /// Writes a drop, event or clock record.
    Status write_record(const JournalRecord& record);
    /// Brings the WAV headers up to date, keeps back what closing will need, and looks whether the take is still there;
    /// about once a second. Errors: no_space while closing still fits; not_found if the folder or a file was deleted.
    Status refresh();
    /// Gives back the space kept for closing. Only what closes the take may be written from then on.
    void begin_closing() { reserve_->release(); }

    /// Asks the file system to write out everything. Blocks as long as the disk needs; from any thread, while others
    /// write.
    Status sync_all() const;
    /// Whether somebody deleted the folder: what is written now goes with it.
    bool folder_deleted() const { return is_deleted(dir_.fd()); }
    /// Whether somebody deleted the journal: what is written has no time then.
    bool journal_deleted() const { return journal_.deleted(); }
    /// What the take's disk still has room for. From any thread.
    Result<DiskRoom> room_left() const { return disk_room(dir_.fd(), folder()); }

    /// Closes the take whole: headers, `end` record, manifest. The writer is done then, whatever the outcome.
    Status finish(EndRecord end, const Metrics& metrics);

    /// The path it was made at.
    const std::string& folder() const { return dir_.folder(); }
    const std::string& name() const { return name_; }
    std::string frames_dir() const;     ///< of the first video track; empty without one
    std::string wav_path() const;       ///< of the first audio track; empty without one
    std::string manifest_path() const;  ///< absent until finish()
    std::int64_t frames(TrackId track) const;
    std::int64_t samples(TrackId track) const;

 private:
    struct VideoTrack {
        UniqueFd fd;
        std::int64_t frames = 0;
    };

    TakeWriter(TakeDir dir, std::string name, AppendFile journal, bool fsync);
    static Result<TakeWriter> begin(const TakeWriterOptions& options, const ClockReading& now, TakeDir dir);
    Status append(const JournalRecord& record);
    /// The error, naming the take; files are opened by names below it.
    tl::unexpected<Error> in_take(Error error) const;
    Status refresh_headers();
    std::uint64_t closing_bytes() const;

    TakeDir dir_;
    std::string name_;
    std::unique_ptr<DiskReserve> reserve_;
    AppendFile journal_;
    std::uint64_t journal_whole_ = 0;  ///< bytes of the journal that are whole lines
    bool fsync_;
    std::vector<VideoTrack> videos_;
    std::vector<WavWriter> audios_;
    std::string line_;  ///< kept for its capacity
};

}  // namespace onetake
