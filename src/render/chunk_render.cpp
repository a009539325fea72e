#include "render/chunk_render.h"

#include "base/bounded_queue.h"
#include "render/chunk_streams.h"
#include "render/media_reader.h"
#include "take/take_trimmer.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <thread>

namespace onetake {

namespace {

constexpr std::size_t kReadAhead = 8;
constexpr Duration kLongestPause = std::chrono::hours(24 * 30);
// A recovery reads some audio before the first chunk that it makes.
constexpr std::int64_t kAudioKept_s = 6;

class ChunkRenderer {
 public:
    ChunkRenderer(const ChunkRenderOptions& options, RenderProgress& progress)
        : options_(options), progress_(progress) {}

    Result<ChunkRenderReport> run() {
        ONETAKE_TRY(open());
        ONETAKE_TRY(write_media());
        ONETAKE_TRY(streams_->finish(packets_));
        ONETAKE_TRY(write());
        ONETAKE_TRY(files_->finish_all());
        progress_.done(report_.packets);
        for (const auto& [stream, count] : files_->late()) report_.late[to_string(streams_->track(stream))] = count;
        report_.losses = reader_->losses();
        const auto note = [&](std::vector<std::string> notes) {
            for (auto& text : notes) report_.notes.push_back(std::move(text));
        };
        note(streams_->notes());
        note(files_->notes());
        note(reader_->take_notes());
        if (trimmer_) note(trimmer_->notes());
        return std::move(report_);
    }

 private:
    // What of a track's files is in which chunk: the last of each chunk, in order.
    struct Stored {
        std::int64_t chunk = 0;
        std::int64_t place = 0;  // a part's number, a sample, or an offset
    };

    Status open() {
        MediaReaderOptions reading;
        reading.take_folder = options_.take_folder;
        reading.longest_gap = kLongestPause;
        reading.in_time_order = reading.emit_markers = true;
        if (options_.wait_for_more) reading.wait_for_more = [this] { return wait_for_more(); };
        const auto chunks = read_chunks();
        if (!chunks) return fail(chunks.error());
        grid_.emplace(chunks->origin, chunks->length);
        reading.begin = MediaTime(grid_->place_of(options_.first_chunk));
        auto reader = MediaReader::open(std::move(reading));
        if (!reader) return fail(std::move(reader).error());
        reader_ = std::move(*reader);
        auto streams = ChunkStreams::open(*reader_, *chunks, *grid_, options_.first_chunk);
        if (!streams) return fail(std::move(streams).error());
        streams_.emplace(std::move(*streams));
        stored_.resize(streams_->size());
        if (options_.wait_for_more) {
            auto trimmer = TakeTrimmer::open(options_.take_folder);
            if (!trimmer) return fail(std::move(trimmer).error());
            trimmer_.emplace(std::move(*trimmer));
        }
        ChunkFilesOptions files;
        files.folder = options_.folder;
        files.recording = reader_->take().id;
        files.origin = reader_->creation_time();
        if (options_.id_of)
            files.id_of = [this](std::int64_t number) {
                return options_.id_of(number, reader_->creation_time() + grid_->place_of(number));
            };
        files.on_finished = [this](const FinishedChunk& chunk) { finished(chunk); };
        files_.emplace(std::move(files), *streams_, *grid_);
        return {};
    }

    // The record comes with the first media.
    Result<ChunksRecord> read_chunks() const {
        for (bool more = true;;) {
            auto source = TakeSource::open(options_.take_folder, TakeSource::Follow::yes);
            if (!source) return fail(std::move(source).error());
            for (;;) {
                const auto event = source->next();
                if (!event) return fail(event.error());
                if (source->chunks()) return *source->chunks();
                if (source->origin())
                    return fail(ErrorCode::corrupt, fmt::format("{} is no recording in chunks.", options_.take_folder));
                if (!*event) break;
            }
            if (!more)
                return fail(ErrorCode::not_found,
                            fmt::format("{} holds neither frames nor audio.", options_.take_folder));
            more = options_.wait_for_more && options_.wait_for_more();
        }
    }

    // On the reading thread, when all that is stored was read.
    bool wait_for_more() {
        if (items_ == nullptr) return options_.wait_for_more();
        bool settles = false;
        for (const auto& [track, until] : complete_) {
            if (track.kind != TrackKind::audio || has_resumed(track, until) || !reader_->has_unsettled(track)) continue;
            reader_->settle_audio(track);
            settles = true;
        }
        if (settles) return true;
        for (const auto& [track, until] : complete_)
            if (!has_resumed(track, until)) items_->push(TrackComplete{track, media_time(until, reader_->origin())});
        const bool more = options_.wait_for_more();
        complete_ = options_.complete_tracks ? options_.complete_tracks() : decltype(complete_)();
        return more;
    }
    bool has_resumed(TrackId track, HostTime until) const {
        const auto read = track.kind == TrackKind::audio ? reader_->audio_read_until(track) : std::nullopt;
        return read && *read > until;
    }

    Status write_media() {
        BoundedQueue<RenderItem> items(kReadAhead);
        items_ = &items;
        Status read, written;
        std::thread reading([&] {
            read = reader_->run(items);
            items.close();
        });
        while (auto item = items.pop()) {
            if (options_.cancel.stop_requested()) written = fail(ErrorCode::cancelled, "Making chunks was cancelled.");
            if (written) written = std::visit([&](auto& it) { return add(it); }, *item);
            if (written) written = write();
            if (!written) {
                items.close();
                break;
            }
        }
        reading.join();
        items_ = nullptr;
        return written ? read : written;
    }

    Status add(CopiedFrame& frame) {
        remember(frame.track, frame.time, frame.part);
        return streams_->add(frame, packets_);
    }
    Status add(PlacedAudio& audio) {
        remember(audio.track, audio.run.begin, audio.first_sample);
        return streams_->add(audio, packets_);
    }
    Status add(PlacedData& data) {
        for (std::size_t i = 0; i < stored_.size(); ++i)
            if (streams_->track(static_cast<int>(i)) == data.record.track)
                remember(static_cast<int>(i), data.time,
                         static_cast<std::int64_t>(data.record.offset + data.record.bytes));
        return streams_->add(data, packets_);
    }
    Status add(TrackComplete& track) { return streams_->complete(track.track, track.until, packets_); }
    Status add(Chapter& marker) {
        files_->add_marker(std::move(marker));
        return {};
    }
    // A recording in chunks has the tracks that it began with.
    static Status add(PausedTrack&) { return {}; }
    static Status add(UnmappedTrack&) { return {}; }
    static Status add(DecodedFrame&) { return fail(ErrorCode::internal, "A chunk takes no decoded frames."); }

    Status write() {
        report_.packets += packets_.size();
        if (!packets_.empty()) {
            const MediaTime time(std::chrono::milliseconds(packets_.back().packet.pts));
            progress_.at(time, report_.packets);
            report_.length = std::max(report_.length, time.time_since_epoch());
        }
        ONETAKE_TRY(files_->write(packets_));
        auto next = std::numeric_limits<std::int64_t>::max();
        for (int i = 0; i < static_cast<int>(streams_->size()); ++i) next = std::min(next, streams_->next_chunk(i));
        return files_->finish_before(next);
    }

    void remember(int stream, MediaTime time, std::int64_t place) {
        if (!trimmer_) return;
        auto& stored = stored_[static_cast<std::size_t>(stream)];
        const auto chunk = grid_->chunk_at(time);
        const bool is_video = streams_->track(stream).kind == TrackKind::video;
        if (!stored.empty() && (is_video ? stored.back().place == place : stored.back().chunk == chunk))
            stored.back().place = place;
        else
            stored.push_back({chunk, place});
    }

    void finished(const FinishedChunk& chunk) {
        ++report_.chunks;
        if (options_.on_finished) options_.on_finished(chunk);
        if (!trimmer_) return;
        for (std::size_t i = 0; i < stored_.size(); ++i) {
            auto& stored = stored_[i];
            const auto track = streams_->track(static_cast<int>(i));
            // The last part may still be written.
            const std::size_t kept = track.kind == TrackKind::video ? 1 : 0;
            for (; stored.size() > kept && stored.front().chunk <= chunk.number; stored.pop_front()) {
                const auto place = stored.front().place;
                if (track.kind == TrackKind::video)
                    trimmer_->remove_part(track, static_cast<int>(place));
                else
                    trimmer_->free_until(track, track.kind == TrackKind::audio ? audio_offset(track, place)
                                                                               : static_cast<std::uint64_t>(place));
            }
        }
    }

    // Of the sample some seconds before this one. The header is not counted: it is shorter than that.
    std::uint64_t audio_offset(TrackId track, std::int64_t sample) const {
        const auto* wav = reader_->wav(track);
        const auto kept = sample - kAudioKept_s * wav->sample_rate();
        return static_cast<std::uint64_t>(std::max<std::int64_t>(kept, 0) * wav->channels() * 2);
    }

    const ChunkRenderOptions& options_;
    RenderProgress& progress_;
    std::optional<ChunkGrid> grid_;
    std::unique_ptr<MediaReader> reader_;
    std::optional<ChunkStreams> streams_;
    std::optional<ChunkFiles> files_;
    std::optional<TakeTrimmer> trimmer_;
    std::vector<std::deque<Stored>> stored_;              // by stream
    std::vector<ChunkPacket> packets_;                    // reused
    BoundedQueue<RenderItem>* items_ = nullptr;           // while the reading thread runs
    std::vector<std::pair<TrackId, HostTime>> complete_;  // the reading thread's
    ChunkRenderReport report_;
};

}  // namespace

Result<ChunkRenderReport> render_chunks(const ChunkRenderOptions& options, RenderProgress& progress) {
    return ChunkRenderer(options, progress).run();
}

}  // namespace onetake
