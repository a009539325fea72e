#pragma once

#include "base/time.h"
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
    WallTime creation_time;  ///< UTC of media time 0; 1970 leaves it out. MP4 keeps its fraction of a second in "date"
    std::string title;
    /// Further file tags by libavformat's names; MP4 keeps only those it knows ("comment", "description", …).
    std::vector<std::pair<std::string, std::string>> metadata;
    /// MP4: room kept at the front for the index, so that finish() copies nothing (estimate_index_bytes()). A file that
    /// outgrows it gets its index at the end, and a note. 0: finish() moves the media to make room.
    std::uint64_t reserve_index_bytes = 0;
    /// MP4 without reserved room: above this size the index stays at the end, for moving gigabytes takes long. 0:
    /// always.
    std::uint64_t move_limit_bytes = UINT64_MAX;
    bool replace = false;  ///< true: a file of that name is replaced, at the end and in one step
};

struct MuxedFile {
    std::string path;
    std::uint64_t bytes = 0;
    std::vector<std::string> notes;  ///< a line each
};

/// Writes packets into one MP4 or Matroska file, which appears at its path whole or not at all: until finish() it has
/// another name (`path`.<something>.part), and a muxer that goes away unfinished removes it. Thread-bound.
///
/// Stamps in MP4 are exact to the tick, first ones included (edit lists in a time scale that every stream divides).
/// Matroska's are rounded to its 1 ms, each packet by itself; an AAC track's priming packet lies before time 0 there.
class Muxer {
 public:
    /// Errors: already_exists unless `replace`; those of the folder.
    static Result<Muxer> create(std::string path, ContainerFormat format, MuxerOptions options);
    Muxer(Muxer&&) noexcept;
    Muxer& operator=(Muxer&&) noexcept;
    Muxer(const Muxer&) = delete;
    Muxer& operator=(const Muxer&) = delete;
    ~Muxer();

    /// Before begin(). Returns the number that the stream's packets carry. Errors: unsupported where the format can't
    /// hold the codec.
    Result<int> add_stream(const StreamParams& params);
    /// Writes the head.
    Status begin();
    /// Takes a packet: each stream's in decoding order, the streams in any order to each other. Packets wait here until
    /// every stream that has not ended has one, or is known to have none before theirs, so that they lie in the file by
    /// time; when 64 MiB wait, the wait ends.
    /// Errors: invalid_argument where a stream's decoding times do not grow; no_space and io of the disk.
    Status write(Packet packet);
    /// The stream's next packet is not decoded before `time`, so that the others' earlier packets no longer wait for
    /// it. An earlier time than promised before changes nothing. A packet that comes before `time` all the same is
    /// taken; it then lies behind later ones of other streams in the file. Errors: invalid_argument for an unknown
    /// stream; the disk's.
    Status advance(int stream, MediaTime time);
    /// Tells that a stream has no more packets, so that the others no longer wait for it.
    Status end_stream(int stream);
    /// Writes the rest and the index, syncs the file, and gives it its name.
    Result<MuxedFile> finish();

 private:
    class Impl;
    explicit Muxer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Room that an MP4's index takes at most, for `reserve_index_bytes`.
std::uint64_t estimate_index_bytes(std::uint64_t video_frames, std::uint64_t audio_packets);

}  // namespace onetake
