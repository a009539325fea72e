#pragma once

#include "base/error.h"
#include "media/packet.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Reads the packets of an MP4, Matroska or WAV file. Their times are media times: edit lists and priming are taken
/// into account. Other formats are refused, and no other file is ever opened whatever the file says. Thread-bound.
class Demuxer {
 public:
    /// Errors: those of the file; corrupt for bytes that are none of these formats; unsupported if there is nothing in
    /// it to play.
    static Result<Demuxer> open(const std::string& path);
    Demuxer(Demuxer&&) noexcept;
    Demuxer& operator=(Demuxer&&) noexcept;
    Demuxer(const Demuxer&) = delete;
    Demuxer& operator=(const Demuxer&) = delete;
    ~Demuxer();

    /// Index: a packet's `stream`. Streams that are neither picture nor sound are of kind data.
    const std::vector<StreamParams>& streams() const;
    /// The next packet in the file's order; empty at its end. Errors: corrupt, for a packet without a time or larger
    /// than 256 MiB; those of the file.
    Result<std::optional<Packet>> next();

 private:
    class Impl;
    explicit Demuxer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
