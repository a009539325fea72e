#pragma once

#include "base/error.h"
#include "media/packet.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Reads the packets of an MP4, Matroska or WAV file. Their times are media times: edit lists and priming are applied.
/// Other formats are refused, and references to other files are never followed. Thread-bound.
class Demuxer {
 public:
    /// Errors: those of the file; corrupt for bytes in none of these formats; unsupported for a file without video and
    /// audio.
    static Result<Demuxer> open(const std::string& path);
    Demuxer(Demuxer&&) noexcept;
    Demuxer& operator=(Demuxer&&) noexcept;
    Demuxer(const Demuxer&) = delete;
    Demuxer& operator=(const Demuxer&) = delete;
    ~Demuxer();

    /// Indexed by a packet's `stream`. Streams that are neither video nor audio are of kind data.
    const std::vector<StreamParams>& streams() const;
    /// The next packet in file order; empty at the end. Errors: corrupt, for a packet without a timestamp or larger
    /// than 256 MiB; those of the file.
    Result<std::optional<Packet>> next();

 private:
    class Impl;
    explicit Demuxer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
