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

/// What the file holds of one track.
struct WrittenTrack {
    TrackKind kind = TrackKind::video;
    std::string codec;  ///< libavcodec's codec name
    std::string title;
    std::uint64_t packets = 0;
    std::optional<MediaTime> begin;  ///< of the first packet, priming left out; unset where nothing came
    MediaTime end;
};

struct WrittenFile {
    std::string path;  ///< empty where no track had anything: no file is left then
    std::uint64_t bytes = 0;
    Duration duration{};  ///< of the media, from time 0 to the end of the longest track
    std::vector<WrittenTrack> tracks;
    std::vector<std::string> notes;  ///< a line each
};

/// Writes the packets of some tracks into one file, and describes it: a Muxer and its result. Every track is added
/// first; the first write begins the file. Tracks may be written in any order to each other. Thread-bound. Destroyed
/// without finish(), it leaves no file.
class FileWriter {
 public:
    /// Errors: those of Muxer::create().
    static Result<FileWriter> create(std::string path, ContainerFormat format, MuxerOptions options);

    /// Returns the track's number. Errors: unsupported where the file can't hold the codec.
    Result<int> add_track(const StreamParams& params);
    /// Writes the file's header; the first write does it otherwise.
    Status begin();
    /// Takes the track's packets, in decoding order and in ticks of its time scale, and leaves `packets` empty. Errors:
    /// invalid_argument for an unknown track, wrong_state after end_track(); those of Muxer::write().
    Status write(int track, std::vector<Packet>& packets);
    /// The track has nothing before `time` that is not written yet (Muxer::advance()): for one that is silent while
    /// others go on. Errors: as write().
    Status advance(int track, MediaTime time);
    /// The track has no more to come, so that the others no longer wait for it. Errors: as write().
    Status end_track(int track);
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
};

}  // namespace onetake
