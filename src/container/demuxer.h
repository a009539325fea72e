#pragma once

#include "base/error.h"
#include "media/chapter.h"
#include "media/packet.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// Reads the packets of an MP4, MOV, Matroska, AVI or WAV file. Their times are media times: edit lists and priming are
/// applied. Other formats are refused, and references to other files are never followed. Thread-bound.
class Demuxer {
 public:
    /// Errors: those of the file; corrupt for bytes in none of these formats; unsupported for a file without streams.
    static Result<Demuxer> open(const std::string& path);
    Demuxer(Demuxer&&) noexcept;
    Demuxer& operator=(Demuxer&&) noexcept;
    Demuxer(const Demuxer&) = delete;
    Demuxer& operator=(const Demuxer&) = delete;
    ~Demuxer();

    /// Indexed by a packet's `stream`. Streams that are neither video nor audio, and cover pictures, are of kind data.
    const std::vector<StreamParams>& streams() const;
    enum class Format { mov, matroska, avi, wav };
    Format format() const;
    /// The file's tags by libavformat's names, without those that every muxer writes by itself.
    std::vector<std::pair<std::string, std::string>> tags() const;
    /// The file's chapters, as it lists them.
    std::vector<Chapter> chapters() const;
    /// Whether the file has chapters.
    bool has_chapters() const;
    /// Whether packets of the video are in another order than frames are shown, and the file does not store when they
    /// are shown, as in AVI: their pts are then their dts.
    bool presentation_times_unknown() const;
    /// An error (corrupt) if the file's index names bytes beyond its end.
    Status check_complete() const;
    /// The next packet in file order; empty at the end. A packet whose dts the file does not determine has
    /// Packet::kNoTime there. Errors: corrupt, for a packet without a timestamp or larger than 256 MiB; those of the
    /// file.
    Result<std::optional<Packet>> next();

 private:
    class Impl;
    explicit Demuxer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
