#include "render/chunk_files.h"

#include "base/plural.h"
#include "container/chunk_tags.h"
#include "render/webvtt.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace onetake {

namespace {

// Streams of one place of a file are this close together, except where one delivers nothing.
constexpr Duration kStreamsApart = std::chrono::seconds(2);

}  // namespace

Status ChunkFiles::write(std::vector<ChunkPacket>& packets) {
    for (auto& packet : packets) {
        if (packet.chunk < finished_before_) {
            if (!packet.silence) ++late_[packet.stream];
            continue;
        }
        auto& chunk = open_[packet.chunk];
        if (!chunk.file && packet.silence) {
            chunk.silence.push_back(std::move(packet));
            continue;
        }
        const auto number = packet.chunk;
        if (!chunk.file) ONETAKE_TRY(begin(number, chunk));
        ONETAKE_TRY(write(number, chunk, std::move(packet)));
    }
    packets.clear();
    return {};
}

Status ChunkFiles::begin(std::int64_t number, Open& chunk) {
    const auto place = grid_.place_of(number);
    chunk.id = options_.id_of ? options_.id_of(number) : std::string();
    if (chunk.id.empty()) chunk.id = fmt::format("{:05}", number);
    MuxerOptions options;
    options.metadata = chunk_tags({options_.recording, place.count()});
    if (options_.origin != WallTime{}) options.creation_time = options_.origin + place;
    auto file = FileWriter::create(fmt::format("{}/{}.mkv", options_.folder, chunk.id), ContainerFormat::mkv, options);
    if (!file) return fail(std::move(file).error());
    for (int i = 0; i < static_cast<int>(streams_.size()); ++i)
        if (const auto added = file->add_track(streams_.params(i, number == 1)); !added) return fail(added.error());
    ONETAKE_TRY(file->begin());
    chunk.file.emplace(std::move(*file));
    for (auto& packet : std::exchange(chunk.silence, {})) ONETAKE_TRY(write(number, chunk, std::move(packet)));
    return {};
}

// The place is a whole number of ticks, so a packet's tick is the same as in a recording that is not divided.
Status ChunkFiles::write(std::int64_t number, Open& chunk, ChunkPacket from) {
    const auto in_chunk = from.packet.pts - grid_.place_of(number).count();
    const Duration time = std::chrono::milliseconds(in_chunk);
    // Audio has its own ticks, for its durations; the nearest one to a millisecond is rounded to that millisecond
    // again.
    from.packet.pts = from.packet.dts = to_ticks(time, streams_.time_scale(from.stream));
    packet_.clear();
    packet_.push_back(std::move(from.packet));
    ONETAKE_TRY(chunk.file->write(from.stream, packet_));
    for (int i = 0; i < static_cast<int>(streams_.size()); ++i)
        if (i != from.stream) ONETAKE_TRY(chunk.file->advance(i, MediaTime(time - kStreamsApart)));
    return {};
}

void ChunkFiles::add_marker(Chapter marker) {
    const auto chunk = grid_.chunk_at(marker.begin);
    if (chunk < finished_before_)
        ++markers_left_out_;
    else
        markers_.emplace(chunk, std::move(marker));
}

std::vector<Chapter> ChunkFiles::markers_of(std::int64_t number) {
    std::vector<Chapter> markers;
    const auto [first, last] = markers_.equal_range(number);
    for (auto it = first; it != last; ++it) {
        it->second.begin = std::max(it->second.begin - grid_.place_of(number), MediaTime{});
        markers.push_back(std::move(it->second));
    }
    markers_.erase(first, last);
    std::ranges::stable_sort(markers, {}, &Chapter::begin);
    return markers;
}

Status ChunkFiles::finish(std::int64_t number, Open& chunk) {
    auto markers = markers_of(number);
    if (!chunk.file) {
        markers_left_out_ += markers.size();
        return {};
    }
    const auto end = MediaTime(chunk.file->duration());
    if (!markers.empty()) {
        ONETAKE_TRY(write_webvtt(fmt::format("{}/{}.markers.vtt", options_.folder, chunk.id), markers, end));
        chunk.file->set_chapters(std::move(markers));
    }
    auto written = chunk.file->finish();
    if (!written) return fail(std::move(written).error());
    if (options_.on_finished)
        options_.on_finished(
            {number, chunk.id, std::move(written->path), written->bytes, grid_.place_of(number), written->duration});
    return {};
}

Status ChunkFiles::finish_before(std::int64_t chunk) {
    while (!open_.empty() && open_.begin()->first < chunk) {
        auto node = open_.extract(open_.begin());
        ONETAKE_TRY(finish(node.key(), node.mapped()));
    }
    finished_before_ = std::max(finished_before_, chunk);
    const auto last = markers_.lower_bound(finished_before_);
    markers_left_out_ += static_cast<std::uint64_t>(std::distance(markers_.begin(), last));
    markers_.erase(markers_.begin(), last);
    return {};
}

Status ChunkFiles::finish_all() {
    return finish_before(open_.empty() ? finished_before_ : std::prev(open_.end())->first + 1);
}

std::vector<std::string> ChunkFiles::notes() {
    std::vector<std::string> notes;
    markers_left_out_ += std::exchange(markers_, {}).size();
    if (markers_left_out_ > 0)
        notes.push_back(
            fmt::format("{} not in a chunk: nothing was recorded at that time, or the chunk was finished.",
                        markers_left_out_ == 1 ? "1 marker is" : counted(markers_left_out_, "marker") + " are"));
    return notes;
}

}  // namespace onetake
