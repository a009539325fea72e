#pragma once

#include "codec/video_decoder.h"
#include "take/take_dir.h"
#include "take/take_source.h"
#include "take/video_part.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Whether packets of both parts can follow each other in one stream of a file.
bool same_stream(const PartRecord& a, const PartRecord& b);

/// Reads the frames of one encoded track from its parts, in order: as packets, or decoded and fitted to the size of the
/// first part. After a frame that can't be read, those up to the next keyframe are lost as well. Thread-bound.
class EncodedTrackReader {
 public:
    /// `color`: of the track.
    EncodedTrackReader(std::shared_ptr<const TakeDir> dir, ColorInfo color, bool decode)
        : dir_(std::move(dir)), color_(color), decode_(decode), images_(BufferPool::create(kIdleImages)) {}

    /// Reads the frame's packet into packet(). `part`: by the journal; null if it has no record of it. Errors: why the
    /// frame is lost.
    Status read(const StoredFrame& frame, const PartRecord* part);
    std::vector<std::uint8_t>& packet() { return packet_; }
    /// Decodes the packet; empty if the decoder has not completed an image yet. Errors: as read().
    Result<std::optional<PlanarImage>> decode(const StoredFrame& frame);

 private:
    static constexpr std::size_t kIdleImages = 80;  // encoders look far ahead

    Status begin(const PartRecord& part);

    std::shared_ptr<const TakeDir> dir_;
    ColorInfo color_;
    bool decode_;
    std::optional<PartRecord> first_;
    std::optional<PartReader> part_;
    std::optional<VideoDecoder> decoder_;
    std::shared_ptr<BufferPool> images_;
    std::vector<std::uint8_t> packet_;
    std::vector<DecodedImage> decoded_;
    bool needs_key_ = true;
};

}  // namespace onetake
