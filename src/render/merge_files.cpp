#include "base/files.h"
#include "base/plural.h"
#include "codec/av_log.h"
#include "container/chunk_tags.h"
#include "container/demuxer.h"
#include "container/muxer.h"
#include "container/part_file.h"
#include "media/data_packet.h"

#include <onetake/merge.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMatroskaTicks = 1000;  // per second

/// Everything about a stream's packets that a file must keep.
struct PacketDigest {
    std::uint64_t packets = 0, value = 0;

    void add(std::int64_t pts, const std::vector<std::uint8_t>& bytes) {
        constexpr std::uint64_t kPrime = 1'099'511'628'211;  // FNV-1a's
        ++packets;
        for (const auto part : {static_cast<std::uint64_t>(pts), std::uint64_t{data_crc(bytes)},
                                static_cast<std::uint64_t>(bytes.size())})
            value = (value ^ part) * kPrime;
    }
    bool operator==(const PacketDigest&) const = default;
};

bool same_stream(const StreamParams& a, const StreamParams& b) {
    // What a part without a packet of the stream does not tell.
    const bool pixels_differ = !a.pixel_format.empty() && !b.pixel_format.empty() && a.pixel_format != b.pixel_format;
    return !pixels_differ && a.kind == b.kind && a.codec == b.codec && a.extradata == b.extradata &&
           a.time_scale == b.time_scale && a.width == b.width && a.height == b.height &&
           a.sample_rate == b.sample_rate && a.channels == b.channels;
}

class Merger {
 public:
    Merger(const std::vector<std::string>& parts, const std::string& out, const MergeOptions& options)
        : parts_(parts), out_(out), options_(options) {}

    Result<MergeResult> run() {
        if (parts_.empty()) return fail(ErrorCode::invalid_argument, "There are no files to merge.");
        if (!out_.ends_with(".mkv"))
            return fail(ErrorCode::invalid_argument, fmt::format("{} does not end in .mkv: chunks are merged to "
                                                                 "Matroska.",
                                                                 out_));
        std::error_code ec;
        if (!options_.replace && fs::exists(fs::symlink_status(out_, ec)))
            return fail(ErrorCode::already_exists, fmt::format("{} exists and is kept.", out_));
        for (const auto& part : parts_)
            if (fs::equivalent(part, out_, ec))
                return fail(ErrorCode::invalid_argument, fmt::format("{} is one of the files to merge.", out_));
        for (const auto& part : parts_) ONETAKE_TRY(add(part));
        for (std::size_t i = 0; i < streams_.size(); ++i) ONETAKE_TRY(muxer_->end_stream(static_cast<int>(i)));
        if (!chapters_.empty()) muxer_->set_chapters(std::move(chapters_), MediaTime(from_ticks(end_, kMatroskaTicks)));
        auto file = muxer_->finish();
        if (!file) return fail(std::move(file).error());
        auto status = verify();
        if (status) status = give_name();
        if (!status) {
            fs::remove(unverified_, ec);
            return fail(std::move(status).error());
        }
        result_.path = out_;
        result_.bytes = file->bytes;
        result_.duration_s = to_seconds(from_ticks(end_, kMatroskaTicks));
        result_.parts = parts_;
        for (auto& text : file->notes) result_.notes.push_back(std::move(text));
        for (std::size_t i = 0; i < streams_.size(); ++i)
            result_.streams.push_back(
                {std::string(to_string(streams_[i].kind)), streams_[i].codec, written_[i].packets});
        return std::move(result_);
    }

 private:
    // Opens the part; the first one decides which streams there are.
    Status add(const std::string& part) {
        const AvErrorLines lines;  // small files are read to their ends when they are opened
        auto demuxer = Demuxer::open(part);
        if (!demuxer) return fail(std::move(demuxer).error());
        if (demuxer->format() != Demuxer::Format::matroska)
            return fail(ErrorCode::unsupported, fmt::format("{} is not a Matroska file.", part));
        if (!muxer_) ONETAKE_TRY(begin(*demuxer));
        ONETAKE_TRY(check_streams(part, demuxer->streams()));
        ONETAKE_TRY(place(part, demuxer->tags()));
        for (auto& chapter : demuxer->chapters())
            chapters_.push_back({chapter.begin + from_ticks(offset_, kMatroskaTicks), std::move(chapter.title)});
        for (std::size_t i = 0; i < streams_.size(); ++i)
            ONETAKE_TRY(
                muxer_->advance(static_cast<int>(i), MediaTime(from_ticks(offset_, kMatroskaTicks) - kPriming)));
        for (;;) {
            if (options_.cancel.stop_requested())
                return fail(ErrorCode::cancelled, "Merging was cancelled; no file was made.");
            auto packet = demuxer->next();
            if (!packet) return fail(std::move(packet).error());
            if (!*packet) break;
            ONETAKE_TRY(write(part, std::move(**packet)));
        }
        const auto damage = lines.text_or("");
        if (damage.empty()) return {};
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is damaged, and a part of it can't be read: {}. Nothing was merged; leave it out, "
                                "or copy it again.",
                                part, damage));
    }

    Status begin(const Demuxer& first) {
        MuxerOptions options;
        options.replace = true;  // that of an earlier run that was killed
        for (auto& tag : first.tags())
            if (tag.first != "ONETAKE_CHUNK_START_MS") options.metadata.push_back(std::move(tag));
        auto muxer = Muxer::create(unverified_, ContainerFormat::mkv, std::move(options));
        if (!muxer) return fail(std::move(muxer).error());
        muxer_.emplace(std::move(*muxer));
        streams_ = first.streams();
        written_.resize(streams_.size());
        last_dts_.resize(streams_.size());
        for (const auto& stream : streams_)
            if (const auto added = muxer_->add_stream(stream); !added) return fail(added.error());
        return muxer_->begin();
    }

    Status check_streams(const std::string& part, const std::vector<StreamParams>& streams) const {
        if (streams.size() != streams_.size())
            return fail(ErrorCode::unsupported,
                        fmt::format("{} has {}, {} has {}; files with different streams can't be merged.", parts_[0],
                                    counted(streams_.size(), "stream"), part, streams.size()));
        for (std::size_t i = 0; i < streams.size(); ++i)
            if (!same_stream(streams[i], streams_[i]))
                return fail(ErrorCode::unsupported,
                            fmt::format("Stream {} of {} has another codec, size or codec parameters than that of {}; "
                                        "they can't be joined without encoding.",
                                        i, part, parts_[0]));
        return {};
    }

    // Sets where the part begins in the merged file.
    Status place(const std::string& part, const std::vector<std::pair<std::string, std::string>>& tags) {
        const auto place = chunk_place(tags);
        const bool is_first = result_.parts.empty();
        result_.parts.push_back(part);
        if (is_first) first_ = place;
        if (!place || !first_) {
            if (first_ || place)
                return fail(ErrorCode::invalid_argument,
                            fmt::format("{} is a chunk of a recording and {} is not; they are not merged.",
                                        place ? part : parts_[0], place ? parts_[0] : part));
            if (!is_first && std::exchange(noted_, true) == false)
                result_.notes.emplace_back(
                    "The files don't say when they begin; each was placed at the end of the one before.");
            offset_ = end_;
            return {};
        }
        if (place->recording != first_->recording)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("{} and {} are chunks of different recordings.", parts_[0], part));
        const auto offset = place->start_ms - first_->start_ms;
        if (!is_first && offset <= offset_)
            return fail(
                ErrorCode::invalid_argument,
                fmt::format("{} begins before the chunk that it is to follow; name chunks in their order.", part));
        offset_ = offset;
        return {};
    }

    Status write(const std::string& part, Packet packet) {
        const auto stream = static_cast<std::size_t>(packet.stream);
        const bool data = streams_[stream].kind == TrackKind::data;
        if (packet.pts == Packet::kNoTime) packet.pts = packet.dts;
        // Matroska stores presentation times alone; decoding times serve to order packets here.
        if (packet.dts == Packet::kNoTime && packet.pts != Packet::kNoTime) packet.dts = packet.pts - kReordering;
        if (packet.pts == Packet::kNoTime || streams_[stream].time_scale != kMatroskaTicks)
            return fail(ErrorCode::unsupported,
                        fmt::format("{}: the times of stream {} are not in milliseconds.", part, stream));
        packet.pts += offset_;
        auto& last = last_dts_[stream];
        packet.dts = std::max(packet.dts + offset_, last.value_or(packet.dts + offset_));
        last = packet.dts;
        packet.key = packet.key || data;
        end_ = std::max(end_, packet.pts + packet.duration);
        written_[stream].add(packet.pts, packet.bytes);
        const MediaTime time(from_ticks(packet.dts, kMatroskaTicks));
        if (auto status = muxer_->write(std::move(packet)); !status)
            return fail(status.error().code, fmt::format("{} ({})", status.error().message, part));
        // A file is interleaved: other streams have nothing much earlier.
        for (std::size_t i = 0; i < streams_.size(); ++i)
            if (i != stream) ONETAKE_TRY(muxer_->advance(static_cast<int>(i), time - kInterleaving));
        return {};
    }

    // The file gets its name when it was read back.
    Status give_name() const {
        ONETAKE_TRY(rename_file(unverified_, out_, options_.replace));
        const auto parent = fs::path(out_).parent_path().string();
        return sync_folder(AT_FDCWD, parent.empty() ? "." : parent);
    }

    Status verify() const {
        auto demuxer = Demuxer::open(unverified_);
        if (!demuxer) return fail(std::move(demuxer).error());
        std::vector<PacketDigest> found(written_.size());
        for (;;) {
            if (options_.cancel.stop_requested())
                return fail(ErrorCode::cancelled, "Merging was cancelled; no file was made.");
            auto packet = demuxer->next();
            if (!packet) return fail(std::move(packet).error());
            if (!*packet) break;
            const auto stream = static_cast<std::size_t>((*packet)->stream);
            if (stream < found.size()) found[stream].add((*packet)->pts, (*packet)->bytes);
        }
        if (found == written_) return {};
        return fail(ErrorCode::corrupt,
                    fmt::format("What was written for {} was read back and is not the same. It was deleted; the files "
                                "to merge are unchanged.",
                                out_));
    }

    static constexpr std::int64_t kReordering = 2000;                   // ms: B-frames are decoded less early
    static constexpr Duration kPriming = std::chrono::seconds(1);       // an audio codec's, before a part's begin
    static constexpr Duration kInterleaving = std::chrono::seconds(5);  // between streams at one place of a file

    const std::vector<std::string>& parts_;
    const std::string& out_;
    const std::string unverified_ =
        (fs::path(out_).parent_path() / fmt::format(".{}.merging", fs::path(out_).filename().string())).string();
    const MergeOptions& options_;
    std::optional<Muxer> muxer_;
    std::vector<StreamParams> streams_;
    std::vector<PacketDigest> written_;                  // by stream
    std::vector<std::optional<std::int64_t>> last_dts_;  // by stream, ms
    std::optional<ChunkPlace> first_;                    // of the first part
    std::int64_t offset_ = 0, end_ = 0;                  // of the part, and of the media so far; ms
    std::vector<Chapter> chapters_;
    MergeResult result_;
    bool noted_ = false;
};

struct FoundChunk {
    std::string path, recording;
    std::int64_t start_ms = 0;
};

Result<std::vector<FoundChunk>> find_chunks(const std::string& dir, const std::string& out) {
    std::error_code ec;
    auto entries = fs::directory_iterator(dir, ec);
    if (ec) return fail(file_error("Can't read the folder", dir, ec.value()));
    std::vector<FoundChunk> chunks;
    for (const auto& entry : entries) {
        const auto name = entry.path().filename().string();
        if (name.starts_with('.') || entry.path().extension() != ".mkv" || entry.is_symlink(ec) ||
            !entry.is_regular_file(ec) || fs::equivalent(entry.path(), out, ec))
            continue;
        const auto file = Demuxer::open(entry.path().string());
        if (!file) return fail(file.error());
        if (auto place = chunk_place(file->tags()))
            chunks.push_back({entry.path().string(), std::move(place->recording), place->start_ms});
    }
    if (chunks.empty()) return fail(ErrorCode::not_found, fmt::format("{} has no finished chunks.", dir));
    std::ranges::sort(chunks, {}, &FoundChunk::start_ms);
    const auto other =
        std::ranges::find_if(chunks, [&](const FoundChunk& c) { return c.recording != chunks.front().recording; });
    if (other != chunks.end())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} has chunks of several recordings, {} and {} among them; move those of one away.",
                                dir, chunks.front().path, other->path));
    return chunks;
}

}  // namespace

Result<MergeResult> merge_stream_files(const std::vector<std::string>& parts, const std::string& out,
                                       const MergeOptions& options) {
    route_av_log();  // that a chunk has no packet of a stream is no error
    auto merged = Merger(parts, out, options).run();
    if (!merged || !options.remove_chunks) return merged;
    for (const auto& part : parts) {
        std::error_code ec;
        fs::remove(part, ec);
        if (ec)
            merged->failures.push_back(fmt::format("{} is merged, but could not be deleted: {}.", part, ec.message()));
    }
    return merged;
}

Result<MergeResult> merge_recording_chunks(const std::string& dir, const std::string& out,
                                           const MergeOptions& options) {
    route_av_log();
    const auto chunks = find_chunks(dir, out);
    if (!chunks) return fail(chunks.error());
    std::vector<std::string> parts;
    for (const auto& chunk : *chunks) parts.push_back(chunk.path);
    return merge_stream_files(parts, out, options);
}

}  // namespace onetake
