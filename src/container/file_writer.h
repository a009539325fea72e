#pragma once

#include "base/time.h"
#include "container/muxer.h"
#include "media/packet.h"

#include <onetake/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// One track of a written file.
struct WrittenTrack {
    TrackKind kind = TrackKind::video;
    std::string codec;  ///< libavcodec's codec name
    std::string title;
    std::uint64_t packets = 0;
    std::optional<MediaTime> begin;  ///< of the first packet, without priming; unset if there were none
    MediaTime end;
};

struct WrittenFile {
    std::string path;  ///< empty if no track had packets: there is no file then
    std::uint64_t bytes = 0;
    Duration duration{};  ///< of the media, from time 0 to the end of the longest track
    std::vector<WrittenTrack> tracks;
    std::vector<std::string> notes;  ///< a line each
};

/// Writes the packets of several tracks to one file and describes the result. All tracks are added before the first
/// write, which begins the file. Tracks may be written in any order relative to each other. Thread-bound. Leaves no
/// file if destroyed without finish().
class FileWriter {
 public:
    /// Errors: those of Muxer::create().
    static Result<FileWriter> create(std::string path, ContainerFormat format, MuxerOptions options);

    /// Returns the track's number. Errors: unsupported if the format can't hold the codec.
    Result<int> add_track(const StreamParams& params);
    /// Writes the file's header; otherwise the first write does.
    Status begin();
    /// Writes packets of the track, in decoding order and in ticks of its time scale, and clears `packets`. Errors:
    /// invalid_argument for an unknown track, wrong_state after end_track(); those of Muxer::write().
    Status write(int track, std::vector<Packet>& packets);
    /// Declares that the track has no further packet before `time` (Muxer::advance()): for a track without media while
    /// others continue. Errors: as write().
    Status advance(int track, MediaTime time);
    /// Declares the end of the track, so that the others no longer wait for it. Errors: as write().
    Status end_track(int track);
    /// The file gets these chapters; the last ends with the media. Before finish().
    void set_chapters(std::vector<Chapter> chapters) { chapters_ = std::move(chapters); }
    /// From time 0 to the end of the longest track, as written so far.
    Duration duration() const;
    /// Ends every track and the file.
    Result<WrittenFile> finish();

 private:
    struct Track {
        WrittenTrack result;
        std::int64_t time_scale = 1;
        bool ended = false;
    };

    explicit FileWriter(Muxer muxer) : muxer_(std::move(muxer)) {}
    Result<Track*> begun_track(int number);

    std::optional<Muxer> muxer_;
    std::vector<Track> tracks_;
    std::vector<Chapter> chapters_;
};

}  // namespace onetake
