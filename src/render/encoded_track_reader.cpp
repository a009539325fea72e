#include "render/encoded_track_reader.h"

#include <fmt/format.h>
#include <utility>

namespace onetake {

bool same_stream(const PartRecord& a, const PartRecord& b) {
    return a.params.codec == b.params.codec && a.params.width == b.params.width && a.params.height == b.params.height &&
           a.params.pixel_format == b.params.pixel_format && a.params.extradata == b.params.extradata;
}

Status EncodedTrackReader::begin(const PartRecord& part) {
    needs_key_ = true;
    part_.reset();
    decoder_.reset();
    if (!first_) first_ = part;
    auto file = PartReader::open(*dir_, part);
    if (!file) return fail(std::move(file).error());
    if (decode_) {
        auto params = part.params;
        params.color = color_;
        auto decoder = VideoDecoder::open(params);
        if (!decoder) return fail(std::move(decoder).error());
        decoder_.emplace(std::move(*decoder));
    } else if (!same_stream(*first_, part)) {
        return fail(ErrorCode::unsupported,
                    fmt::format("its part has {}x{} pixels or other codec parameters than the first, so it can't be "
                                "copied beside it; `onetake process` encodes the track anew.",
                                part.params.width, part.params.height));
    }
    part_.emplace(std::move(*file));
    return {};
}

Status EncodedTrackReader::read(const StoredFrame& frame, const PartRecord* part) {
    const auto read_packet = [&]() -> Status {
        if (!frame.packet || part == nullptr) return fail(ErrorCode::corrupt, "the journal does not name its part.");
        if (!part_ || part_->record().number != part->number) ONETAKE_TRY(begin(*part));
        FrameRecord record;
        record.number = frame.number;
        record.stamp.time = frame.time;
        record.bytes = frame.bytes;
        record.packet = frame.packet;
        return part_->read(record, packet_);
    };
    if (auto status = read_packet(); !status) {
        needs_key_ = true;
        return status;
    }
    if (needs_key_ && !frame.packet->key)
        return fail(ErrorCode::corrupt, "it can't be decoded without a frame that was lost before it.");
    needs_key_ = false;
    return {};
}

Result<std::optional<PlanarImage>> EncodedTrackReader::decode(const StoredFrame& frame) {
    decoded_.clear();
    if (auto status = decoder_->decode(packet_, frame.number, *images_, decoded_); !status) {
        needs_key_ = true;
        return fail(std::move(status).error());
    }
    // One packet is one image, at once: there are no B-frames.
    if (decoded_.empty() || decoded_.back().number != frame.number) return std::nullopt;
    auto image = std::move(decoded_.back().image);
    if (image.width == first_->params.width && image.height == first_->params.height) return image;
    return fitted(image, first_->params.width, first_->params.height, *images_);
}

}  // namespace onetake
