#include "reader/stored_packets.h"

#include "codec/image_decoder.h"
#include "codec/video_decoder.h"
#include "take/video_part.h"

namespace onetake {

void StoredPackets::add(const FrameRecord& frame) {
    packets_.push_back({frame.stamp.time, frame.bytes, frame.packet.value_or(PacketPlace{0, 0, false})});
}

FrameRecord StoredPackets::record(std::size_t index) const {
    FrameRecord frame;
    frame.number = static_cast<std::int64_t>(index) + 1;
    frame.stamp.time = packets_[index].time;
    frame.bytes = packets_[index].bytes;
    frame.packet = packets_[index].place;
    return frame;
}

Result<Image> StoredPackets::image(const TakeDir& dir, std::size_t index, ImageFormat format) const {
    const auto& place = packets_[index].place;
    const auto part = parts_.find(place.part);
    if (part == parts_.end()) return fail(ErrorCode::corrupt, "the journal does not name its part.");
    auto first = index;
    while (!packets_[first].place.key && first > 0 && packets_[first - 1].place.part == place.part) --first;
    if (!packets_[first].place.key) return fail(ErrorCode::corrupt, "there is no keyframe before it.");
    const auto file = PartReader::open(dir, part->second);
    if (!file) return fail(file.error());
    auto params = part->second.params;
    params.color = color_;
    auto decoder = VideoDecoder::open(params);
    if (!decoder) return fail(std::move(decoder).error());
    const auto pool = BufferPool::create(2);
    std::vector<std::uint8_t> packet;
    std::vector<DecodedImage> decoded;
    for (auto i = first; i <= index; ++i) {
        decoded.clear();
        ONETAKE_TRY(file->read(record(i), packet));
        ONETAKE_TRY(decoder->decode(packet, static_cast<std::int64_t>(i), *pool, decoded));
    }
    if (decoded.empty()) return fail(ErrorCode::corrupt, "its packet holds no image.");
    return to_image(std::move(decoded.back().image), format);
}

}  // namespace onetake
