#include "inspect/output_check.h"

#include "codec/media_decoder.h"
#include "container/demuxer.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>
#include <vector>

namespace onetake {

namespace {

constexpr Duration kShorter = std::chrono::seconds(1);
constexpr std::size_t kMostGroupBytes = std::size_t{64} << 20;

/// Decodes what is to be decoded of one stream.
class StreamCheck {
 public:
    StreamCheck(const StreamParams& params, bool decode_all) : all_(decode_all || params.kind == TrackKind::audio) {
        if (params.kind == TrackKind::data) return;
        // One for which there is no decoder is read only.
        if (auto decoder = MediaDecoder::open(params, MediaDecoder::Errors::all)) decoder_.emplace(std::move(*decoder));
    }

    Status add(Packet packet) {
        if (!decoder_) return {};
        if (all_) return decode(packet);
        if (packet.key) {
            Status status;
            if (!group_.empty()) status = decode(group_.front());
            group_.clear();
            group_bytes_ = 0;
            if (!status) return status;
        }
        group_bytes_ += packet.bytes.size();
        // Of a group too large to keep, the keyframe is decoded.
        if (group_.empty() || group_bytes_ <= kMostGroupBytes) group_.push_back(std::move(packet));
        return {};
    }

    Status finish() {
        if (!decoder_) return {};
        for (const auto& packet : std::exchange(group_, {})) ONETAKE_TRY(decode(packet));
        const auto status = decoder_->finish(decoded_);
        return status || status.error().code == ErrorCode::unsupported ? Status{} : status;
    }

 private:
    Status decode(const Packet& packet) {
        const auto status = decoder_->decode(packet, decoded_);
        decoded_ = {};
        if (status || status.error().code != ErrorCode::unsupported) return status;
        decoder_.reset();
        return {};
    }

    const bool all_;
    std::optional<MediaDecoder> decoder_;
    std::vector<Packet> group_;  // from the last keyframe on
    std::size_t group_bytes_ = 0;
    DecodedMedia decoded_;
};

}  // namespace

std::string output_problem(const OutputFile& file, bool decode_all) {
    const auto& path = file.info.path;
    auto demuxer = Demuxer::open(path);
    if (!demuxer) return demuxer.error().message;
    const auto& streams = demuxer->streams();
    std::vector<StreamCheck> checks;
    for (const auto& stream : streams) checks.emplace_back(stream, decode_all);
    std::uint64_t frames = 0;
    Duration end{};
    Status decoded;
    for (;;) {
        auto packet = demuxer->next();
        if (!packet) return packet.error().message;
        if (!*packet) break;
        const auto index = static_cast<std::size_t>((*packet)->stream);
        if (streams[index].kind == TrackKind::video) ++frames;
        end = std::max(end, from_ticks((*packet)->pts + (*packet)->duration, streams[index].time_scale));
        if (decoded) decoded = checks[index].add(std::move(**packet));
    }
    for (auto& check : checks)
        if (decoded) decoded = check.finish();
    if (const auto due = file.facts.video_frames; due && frames < *due)
        return fmt::format("{} is cut off: {} of its {} frames are there.", path, frames, *due);
    if (end + kShorter < file.facts.duration)
        return fmt::format("{} is cut off: {:.1f} s of its {:.1f} s are there.", path, to_seconds(end),
                           to_seconds(file.facts.duration));
    if (!decoded) return fmt::format("{} is damaged: {}", path, decoded.error().message);
    return {};
}

}  // namespace onetake
