#include "container/file_writer.h"

#include "base/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace onetake {

Result<FileWriter> FileWriter::create(std::string path, ContainerFormat format, MuxerOptions options) {
    auto muxer = Muxer::create(std::move(path), format, std::move(options));
    if (!muxer) return fail(std::move(muxer).error());
    return FileWriter(std::move(*muxer));
}

Result<int> FileWriter::add_track(const StreamParams& params) {
    auto number = muxer_->add_stream(params);
    if (!number) return number;
    Track track;
    track.result.kind = params.kind;
    track.result.codec = params.codec;
    track.result.title = params.title;
    track.time_scale = params.time_scale;
    tracks_.push_back(std::move(track));
    return number;
}

Status FileWriter::begin() {
    return muxer_->begin();
}

Result<FileWriter::Track*> FileWriter::begun_track(int number) {
    if (number < 0 || static_cast<std::size_t>(number) >= tracks_.size())
        return fail(ErrorCode::invalid_argument, fmt::format("The file has no track {}.", number));
    Track& track = tracks_[static_cast<std::size_t>(number)];
    if (track.ended) return fail(ErrorCode::wrong_state, fmt::format("Track {} has ended.", number));
    ONETAKE_TRY(begin());
    return &track;
}

Status FileWriter::write(int number, std::vector<Packet>& packets) {
    const auto track = begun_track(number);
    if (!track) return fail(track.error());
    auto& result = (*track)->result;
    const auto scale = (*track)->time_scale;
    for (auto& packet : packets) {
        const MediaTime begin{from_ticks(std::max<std::int64_t>(packet.pts, 0), scale)};
        const MediaTime end{from_ticks(packet.pts + packet.duration, scale)};
        packet.stream = number;
        ONETAKE_TRY(muxer_->write(std::move(packet)));
        result.begin = std::min(result.begin.value_or(begin), begin);
        result.end = std::max(result.end, end);
        ++result.packets;
    }
    packets.clear();
    return {};
}

Status FileWriter::advance(int number, MediaTime time) {
    const auto track = begun_track(number);
    if (!track) return fail(track.error());
    return muxer_->advance(number, time);
}

Status FileWriter::end_track(int number) {
    const auto track = begun_track(number);
    if (!track) return fail(track.error());
    (*track)->ended = true;
    return muxer_->end_stream(number);
}

Duration FileWriter::duration() const {
    Duration longest{};
    for (const auto& track : tracks_) longest = std::max(longest, track.result.end.time_since_epoch());
    return longest;
}

Result<WrittenFile> FileWriter::finish() {
    WrittenFile result;
    result.duration = duration();
    for (const auto& track : tracks_) result.tracks.push_back(track.result);
    const bool empty =
        std::all_of(tracks_.begin(), tracks_.end(), [](const Track& t) { return t.result.packets == 0; });
    if (empty) {
        muxer_.reset();
        result.notes.emplace_back("No track has any packets, so no file was written.");
        return result;
    }
    if (!chapters_.empty()) muxer_->set_chapters(std::move(chapters_), MediaTime(result.duration));
    auto file = muxer_->finish();
    if (!file) return fail(std::move(file).error());
    result.path = std::move(file->path);
    result.bytes = file->bytes;
    result.notes = std::move(file->notes);
    return result;
}

}  // namespace onetake
