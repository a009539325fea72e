#pragma once

#include "base/time.h"
#include "media/chapter.h"
#include "media/packet.h"

#include <onetake/container_format.h>
#include <onetake/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

struct MuxerOptions {
    WallTime creation_time;  ///< UTC of media time 0; 1970: no tag. MP4 has its fraction of a second in "date" only
    std::string title;
    /// Further file tags by libavformat's names; MP4 stores only those it knows ("comment", "description", …).
    std::vector<std::pair<std::string, std::string>> metadata;
    /// MP4: bytes reserved at the front for the index (moov), so that finish() copies nothing (estimate_index_bytes()).
    /// If it does not fit, it is written at the end, with a note. 0: finish() moves the media to make room.
    std::uint64_t reserve_index_bytes = 0;
    /// MP4 without a reserved index: above this size the index stays at the end, because moving gigabytes takes long.
    /// 0: always.
    std::uint64_t move_limit_bytes = UINT64_MAX;
    bool replace = false;  ///< true: an existing file is replaced, atomically by finish()
};

struct MuxedFile {
    std::string path;
    std::uint64_t bytes = 0;
    std::vector<std::string> notes;  ///< a line each
};

/// Writes packets to one MP4, MOV, Matroska or AVI file, which appears at its path complete or not at all: until
/// finish() it has another name (`path`.<id>.part), and it is removed if the muxer is destroyed before. Thread-bound.
///
/// Stamps in MP4 and MOV are exact to the tick, first ones included (edit lists in a common multiple of the streams'
/// time scales). In Matroska each packet's is rounded to 1 ms; an AAC track's priming packet is before time 0 there.
/// AVI has no stamps: each stream begins at 0 and has a constant rate. A video stream of takes has the rate
/// StreamParams::fps, and each packet the place nearest to its stamp; a player shows the frame before where one is
/// empty.
class Muxer {
 public:
    /// Errors: already_exists unless `replace`; those of the folder.
    static Result<Muxer> create(std::string path, ContainerFormat format, MuxerOptions options);
    Muxer(Muxer&&) noexcept;
    Muxer& operator=(Muxer&&) noexcept;
    Muxer(const Muxer&) = delete;
    Muxer& operator=(const Muxer&) = delete;
    ~Muxer();

    /// Before begin(). A stream with `copied` parameters is written with those. Returns the value for the packets'
    /// `stream`. Errors: unsupported if the format can't hold the codec.
    Result<int> add_stream(const StreamParams& params);
    /// Writes the header.
    Status begin();
    /// Takes a packet: each stream's in decoding order, the streams in any order relative to each other. Packets are
    /// queued until every stream that has not ended has one, or is known to have none before theirs, so that the file
    /// is interleaved by time; beyond 64 MiB in the queue they are written without waiting. Errors: invalid_argument if
    /// a stream's decoding times do not increase (in Matroska those of data and of a `copied` stream may be equal);
    /// no_space and io of the disk.
    Status write(Packet packet);
    /// Declares that the stream's next packet has a decoding time of at least `time`, so that the others' earlier
    /// packets no longer wait for it. An earlier `time` than before changes nothing. A packet before `time` is accepted
    /// all the same, but written after later ones of other streams. Errors: invalid_argument for an unknown stream; the
    /// disk's.
    Status advance(int stream, MediaTime time);
    /// Declares the end of a stream, so that the others no longer wait for it.
    Status end_stream(int stream);
    /// The file gets these chapters, in order of their begins; the last ends at `end`. An MP4 gets one more where the
    /// first begins after time 0, with the file's title: from 0 up to it. Before finish().
    void set_chapters(std::vector<Chapter> chapters, MediaTime end);
    /// Writes the queued packets and the index, syncs the file, and renames it.
    Result<MuxedFile> finish();

 private:
    class Impl;
    explicit Muxer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Checks that a format can hold what an encoder of libavcodec makes ("auto": H.264). Errors: unsupported, naming a
/// format that can; missing_part without such an encoder.
Status check_holds(ContainerFormat format, const std::string& encoder);

/// Upper bound of the size of an MP4's index, for `reserve_index_bytes`.
std::uint64_t estimate_index_bytes(std::uint64_t video_frames, std::uint64_t audio_packets);

}  // namespace onetake
