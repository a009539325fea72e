#pragma once

#include "base/files.h"
#include "base/fork_guard.h"
#include "take/data_file.h"
#include "take/disk_reserve.h"
#include "take/journal.h"
#include "take/take_dir.h"
#include "take/video_part.h"
#include "take/wav.h"

#include <onetake/metrics.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace onetake {

struct TakeWriterOptions {
    std::string data_dir = "av_data";
    std::string name;
    std::string program;
    std::string config_json = "{}";
    bool fsync = false;           ///< sync every write to disk before the next
    bool encoded_tracks = false;  ///< video tracks may be encoded: such a take has a newer format
    std::string id = {};          ///< of the take, unique
    bool data_tracks = false;     ///< it may have data tracks: such a take has a newer format
    bool late_tracks = false;     ///< tracks may come and go while it is recorded: such a take has a newer format
};

/// Owns every file of a take while it is recorded, and writes them in the order required by docs/take-format.md. Files
/// are opened relative to the open folder, so renaming it or a parent does no harm. Thread-bound, except sync_all().
/// Destroyed without finish(), it leaves a broken take, complete up to the last record.
class TakeWriter {
 public:
    /// Creates the folder and starts the journal. Errors: an invalid or existing name, a folder that can't be written.
    static Result<TakeWriter> create(const TakeWriterOptions& options, const ClockReading& now);

    /// Creates the track's folder or file and its record. Tracks of each kind are numbered from 1. After the first
    /// media only in a take with late tracks.
    Result<TrackId> add_video_track(const VideoDescription& description, TrackStore store = TrackStore::jpeg);
    Result<TrackId> add_audio_track(const AudioDescription& description);
    Result<TrackId> add_data_track(const DataDescription& description);

    /// Stores a frame under the track's next number. After an error nothing of it remains.
    Status write_frame(TrackId track, std::span<const std::uint8_t> jpeg, const FrameStamp& stamp);
    /// Begins the next part of an encoded track. `part`: its track, begin, encoder and parameters, with a decoder
    /// configuration as extradata; number and header_bytes are set here. Errors: PartWriter::create()'s; after one, the
    /// part before goes on.
    Status begin_part(PartRecord part);
    /// Appends a frame's packet to the track's current part. Stamps must not be before the part's begin. After an error
    /// nothing of it remains.
    Status write_packet(TrackId track, std::span<const std::uint8_t> packet, bool key, const FrameStamp& stamp);
    /// Appends a block to the track.
    Status write_block(TrackId track, const AudioBlock& block);
    /// Appends a packet to a data track. After an error nothing of it remains.
    Status write_data(TrackId track, const DataPacket& packet);
    /// Writes a drop, event, track end or clock record.
    Status write_record(const JournalRecord& record);
    /// Updates the WAV headers, reserves the space needed for closing, and checks that the take still exists; call
    /// about once a second. Errors: no_space while there is still space for closing; not_found if the folder or a file
    /// was deleted.
    Status refresh();
    /// Frees the space reserved for closing. From then on only the records that close the take may be written.
    void begin_closing() { reserve_->release(); }

    /// Syncs the file system. Blocks as long as the disk needs; from any thread, concurrently with writes.
    Status sync_all() const;
    /// Whether the folder was deleted: what is written now is lost.
    bool folder_deleted() const { return is_deleted(dir_.fd()); }
    /// Whether the journal was deleted: what is written then has no stamps.
    bool journal_deleted() const { return journal_.deleted(); }
    /// Space left on the take's file system. From any thread.
    Result<DiskRoom> room_left() const { return disk_room(dir_.fd(), folder()); }

    /// Closes the take: headers, `end` record, manifest. The writer can't be used afterwards, even after an error.
    Status finish(EndRecord end, const Metrics& metrics);

    /// The path at which it was created.
    const std::string& folder() const { return dir_.folder(); }
    const std::string& name() const { return name_; }
    const std::string& id() const { return id_; }
    std::string frames_dir() const;     ///< of the first video track, its frames or parts; empty without one
    std::string wav_path() const;       ///< of the first audio track; empty without one
    std::string manifest_path() const;  ///< doesn't exist before finish()
    std::int64_t frames(TrackId track) const;
    std::int64_t samples(TrackId track) const;
    std::int64_t packets(TrackId track) const;  ///< of a data track

 private:
    struct VideoTrack {
        UniqueFd fd;
        TrackStore store = TrackStore::jpeg;
        std::int64_t frames = 0;
        int parts = 0;
        HostTime part_begin;
        std::optional<PartWriter> part;  // the current one of an encoded track
    };

    struct DataTrack {
        DataFileWriter file;
        std::int64_t packets = 0;
    };

    TakeWriter(TakeDir dir, const TakeWriterOptions& options, AppendFile journal);
    static Result<TakeWriter> begin(const TakeWriterOptions& options, const ClockReading& now, TakeDir dir);
    Status append(const JournalRecord& record);
    VideoTrack& video(TrackId track) { return videos_.at(static_cast<std::size_t>(track.number - 1)); }
    /// Adds the take's path to the error, which only has the file name.
    tl::unexpected<Error> in_take(Error error) const;
    Status refresh_headers();
    std::uint64_t closing_bytes() const;

    TakeDir dir_;
    std::string name_, id_;
    std::unique_ptr<DiskReserve> reserve_;
    AppendFile journal_;
    ForkGuard journal_lock_;
    std::uint64_t journal_complete_ = 0;  ///< bytes of the journal's complete lines
    bool fsync_, encoded_tracks_, data_tracks_;
    std::vector<VideoTrack> videos_;
    std::vector<WavWriter> audios_;
    std::vector<DataTrack> data_;
    std::string line_;  ///< reused for its capacity
};

}  // namespace onetake
