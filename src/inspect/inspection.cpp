#include "inspect/inspection.h"

#include "base/files.h"
#include "media/jpeg_info.h"
#include "take/data_file.h"
#include "take/journal_reader.h"
#include "take/manifest.h"
#include "take/wav.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fcntl.h>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr std::size_t kMaxJpegBytes = std::size_t{256} << 20;
constexpr std::size_t kMaxRuns = 1'000'000;

class Inspector {
 public:
    Inspector(const TakeDir& dir, bool locked) : dir_(dir), locked_(locked) {}

    Result<Inspection> run() {
        auto reader = JournalReader::open(dir_);
        if (!reader) return fail(std::move(reader).error());
        found_.take = reader->take();
        found_.being_written = !locked_ && reader->being_written();
        for (;;) {
            auto record = reader->next();
            if (!record) return fail(std::move(record).error());
            if (!*record) break;
            found_.ends_with_end = std::holds_alternative<EndRecord>(**record);
            std::visit([&](const auto& r) { take(r); }, **record);
            if (too_damaged_)
                return fail(ErrorCode::corrupt,
                            fmt::format("{} is damaged in over {} places.", dir_.folder(), kMaxRuns));
        }
        found_.complete_bytes = reader->offset();
        found_.partial_line = reader->unfinished_bytes();
        found_.bad_lines = reader->bad_lines();
        for (auto& media : media_) ONETAKE_TRY(finish(media));
        ONETAKE_TRY(find_stale_files());
        check_manifest();
        for (auto& media : media_) found_.tracks.push_back(std::move(media.track));
        return std::move(found_);
    }

 private:
    struct Media {
        explicit Media(TrackRecord record) : track(std::move(record)) {}

        TrackInspection track;
        UniqueFd frames;                      // video, a JPEG per frame
        std::optional<PartInspection> parts;  // encoded video
        std::optional<WavReader> wav;         // audio
        std::int64_t wav_samples = 0;
        std::optional<DataFileReader> data;
        std::uint64_t data_end = 0;  // of what the journal names and the file has
        std::int64_t next = 0;       // number or index expected
    };

    template <class Record>
    void take(const Record&) {}

    void take(const TrackRecord& r) {
        if (find(r.track) != nullptr) return;
        Media media(r);
        if (r.track.kind == TrackKind::video) {
            media.next = 1;
            auto frames = dir_.open_folder(r.path);
            if (!frames)
                media.track.problem = frames.error().message;
            else if (r.store == TrackStore::jpeg)
                media.frames = std::move(*frames);
            if (r.store == TrackStore::encoded) media.parts.emplace(dir_, r.track);
        } else if (r.track.kind == TrackKind::data) {
            media.next = 1;
            if (auto file = DataFileReader::open(dir_, r.track))
                media.data.emplace(std::move(*file));
            else
                media.track.problem = file.error().message;
        } else {
            open_wav(media);
        }
        media.track.opened = media.track.problem.empty();
        media_.push_back(std::move(media));
    }

    void take(const PartRecord& r) {
        auto* media = find(r.track);
        if (!media) return void(++found_.unknown_track_records);
        if (media->parts) media->parts->add(r);
    }

    void open_wav(Media& media) const {
        auto& t = media.track;
        const auto path = dir_.path(t.track.path);
        auto fd = dir_.open_file(t.track.path, O_RDONLY);
        if (!fd) {
            t.problem = fd.error().message;
            return;
        }
        const auto stale = wav_header_needs_repair(fd->get(), path, t.track.audio.sample_rate, t.track.audio.channels);
        t.header_stale = !stale || *stale;
        media.wav_samples = wav_frames_by_length(fd->get(), t.track.audio.channels);
        auto wav = WavReader::read_from(std::move(*fd), path);
        if (wav && wav->channels() == t.track.audio.channels) {
            media.wav_samples = wav->frames();
            media.wav.emplace(std::move(*wav));
        } else if (!t.header_stale) {
            // The file is intact, but not the one recorded.
            media.wav_samples = 0;
            t.problem = wav ? fmt::format("{} has {} channels, not the {} recorded.", path, wav->channels(),
                                          t.track.audio.channels)
                            : wav.error().message;
        }
    }

    void take(const FrameRecord& r) {
        auto* media = find(r.track);
        if (!media) return void(++found_.unknown_track_records);
        auto& t = media->track;
        if (!add_record(*media, r.number, 1)) return;
        t.statistics.add_frame(r.stamp.time, r.stamp.source);
        found_.last_time = std::max(found_.last_time, r.stamp.time);
        if (media->parts) {
            if (const auto cause = media->parts->check(r))
                return add_lost(t, {*cause, r.number, 1, r.bytes, r.stamp.time});
            ++t.good;
            t.good_bytes += r.bytes;
            return;
        }
        if (media->frames) {
            const auto status = read_frame(*media, r);
            if (status) {
                const bool intact =
                    inspect_jpeg({reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()}).has_value();
                if (intact && bytes_.size() == r.bytes) {
                    ++t.good;
                    t.good_bytes += r.bytes;
                    return;
                }
                const auto cause = intact                    ? LossCause::altered
                                   : bytes_.size() < r.bytes ? LossCause::cut_short
                                                             : LossCause::damaged;
                return add_lost(t, {cause, r.number, 1, r.bytes, r.stamp.time});
            }
            if (status.error().code != ErrorCode::not_found)
                return add_lost(t, {LossCause::damaged, r.number, 1, r.bytes, r.stamp.time});
        }
        add_lost(t, {LossCause::missing, r.number, 1, r.bytes, r.stamp.time});
    }

    // A file far larger than recorded is not read: it may be sparse.
    Status read_frame(const Media& media, const FrameRecord& r) {
        constexpr std::uint64_t kMargin = std::uint64_t{1} << 20;
        return read_file_into(media.frames.get(), frame_file(r.number),
                              static_cast<std::size_t>(std::min<std::uint64_t>(r.bytes + kMargin, kMaxJpegBytes)),
                              bytes_);
    }

    void take(const BlockRecord& r) {
        auto* media = find(r.track);
        if (!media) return void(++found_.unknown_track_records);
        auto& t = media->track;
        if (!add_record(*media, r.first_sample, r.samples)) return;
        const int rate = t.track.audio.sample_rate;
        t.statistics.add_block({r.first_sample, r.samples, r.time, r.xrun}, r.source);
        found_.last_time = std::max(found_.last_time, r.time + from_ticks(r.samples, rate));
        // A recorder has appended since the WAV was measured: a record is written after its samples.
        if (found_.being_written && media->wav && r.first_sample + r.samples > media->wav_samples)
            media->wav_samples = media->wav->frames();
        const auto each = static_cast<std::uint64_t>(t.track.audio.channels) * 2;
        const auto present = std::clamp<std::int64_t>(media->wav_samples - r.first_sample, 0, r.samples);
        t.good += static_cast<std::uint64_t>(present);
        t.good_bytes += static_cast<std::uint64_t>(present) * each;
        if (present < r.samples)
            add_lost(
                t, {t.opened ? LossCause::cut_short : LossCause::missing, r.first_sample + present, r.samples - present,
                    static_cast<std::uint64_t>(r.samples - present) * each, r.time + from_ticks(present, rate)});
    }

    void take(const DataRecord& r) {
        auto* media = find(r.track);
        if (!media) return void(++found_.unknown_track_records);
        auto& t = media->track;
        if (!add_record(*media, r.number, 1)) return;
        t.statistics.add_packet(r.time, r.source);
        found_.last_time = std::max(found_.last_time, r.time);
        const auto lose = [&](LossCause cause) { add_lost(t, {cause, r.number, 1, r.bytes, r.time}); };
        if (!media->data) return lose(LossCause::missing);
        if (!media->data->reaches(r)) return lose(LossCause::cut_short);
        media->data_end = std::max(media->data_end, r.offset + r.bytes);
        if (!media->data->read(r, packet_)) return lose(LossCause::damaged);
        ++t.good;
        t.good_bytes += r.bytes;
    }

    void take(const DropRecord& r) {
        auto* media = find(r.track);
        if (!media) return void(++found_.unknown_track_records);
        auto& t = media->track;
        if (r.first) {
            t.declared.add(*r.first, static_cast<std::int64_t>(r.count));
            if (t.declared.ranges() > kMaxRuns) too_damaged_ = true;
            return;
        }
        auto& total = t.drops[static_cast<std::size_t>(r.cause)];
        const auto from = r.from.value_or(r.time);
        total.time = total.count == 0 ? from : std::min(total.time, from);
        total.count += r.count;
        // Without its own times, a loss counts as one between frames that are there.
        const auto known = t.statistics.last().value_or(r.time);
        t.statistics.add_loss(r.count, r.from.value_or(known), r.to.value_or(known));
    }

    void take(const TrackEndRecord& r) {
        auto* media = find(r.track);
        if (!media) return void(++found_.unknown_track_records);
        media->track.statistics.end();
    }

    void take(const EndRecord& r) { found_.end = r; }

    // False if any of it has a record already.
    bool add_record(Media& media, std::int64_t first, std::int64_t count) {
        auto& t = media.track;
        if (first != media.next) t.in_order = false;
        media.next = first + count;
        if (t.recorded.overlaps(first, count)) return false;
        t.recorded.add(first, count);
        if (t.recorded.ranges() > kMaxRuns) too_damaged_ = true;
        return true;
    }

    void add_lost(TrackInspection& t, LostRun run) {
        if (!t.lost.empty()) {
            auto& last = t.lost.back();
            if (last.cause == run.cause && last.first + last.count == run.first) {
                last.count += run.count;
                last.bytes += run.bytes;
                return;
            }
        }
        t.lost.push_back(run);
        if (t.lost.size() > kMaxRuns) too_damaged_ = true;
    }

    Status finish(Media& media) {
        auto& t = media.track;
        if (media.parts && !found_.being_written) {
            auto beyond = media.parts->beyond_journal();
            if (!beyond) return fail(std::move(beyond).error());
            t.beyond = std::move(*beyond);
        }
        if (t.track.track.kind == TrackKind::audio) {
            std::int64_t recorded_end = 0;
            if (!t.recorded.by_range().empty()) recorded_end = std::prev(t.recorded.by_range().end())->second;
            t.extra_samples = std::max<std::int64_t>(media.wav_samples - recorded_end, 0);
            return {};
        }
        if (media.data && !found_.being_written) {
            const auto size = media.data->size();
            if (!size) return fail(size.error());
            t.extra_bytes = *size - std::min(*size, media.data_end);
        }
        if (!media.frames) return {};
        for_each_file(media.frames.get(), [&](const FileEntry& file) {
            const auto number = frame_number(file.name);
            if (!number || t.recorded.contains(*number)) return;
            t.orphaned.add(*number);
            t.orphaned_bytes += file.bytes;
        });
        return {};
    }

    Status find_stale_files() {
        for_each_file(dir_.fd(), [&](const FileEntry& file) {
            if (is_stale_file(file.name)) found_.stale_files.push_back(file.name);
        });
        auto aside = dir_.open_folder(kSetAside);
        if (!aside) return aside.error().code == ErrorCode::not_found ? Status{} : fail(std::move(aside).error());
        for_each_file(aside->get(), [&](const FileEntry& file) {
            const auto underscore = file.name.find('_');
            const auto id = track_id_from(std::string_view(file.name).substr(0, underscore));
            if (underscore == std::string::npos || !id) return;
            if (auto* media = find(*id)) {
                media->track.set_aside += media->parts ? packets_in(fmt::format("{}/{}", kSetAside, file.name)) : 1;
                media->track.set_aside_bytes += file.bytes;
            }
        });
        return {};
    }

    std::uint64_t packets_in(const std::string& part) const {
        auto fd = dir_.open_file(part, O_RDONLY);
        if (!fd) return 0;
        return packets_of_part(std::move(*fd), dir_.path(part)).value_or(PartReader::Tail{}).clusters;
    }

    void check_manifest() {
        const auto header = read_manifest(dir_);
        if (!header) {
            found_.manifest_problem =
                header.error().code == ErrorCode::not_found ? "There is no manifest." : header.error().message;
            return;
        }
        const bool fresh = header->journal_bytes != 0 ? header->journal_bytes == found_.complete_bytes
                                                      : found_.end && header->reason == found_.end->reason &&
                                                            header->end_ns == to_ns(found_.end->time);
        if (!fresh) found_.manifest_problem = "The manifest does not match the journal.";
    }

    Media* find(TrackId id) {
        const auto it = std::ranges::find_if(media_, [&](const Media& m) { return m.track.track.track == id; });
        return it == media_.end() ? nullptr : &*it;
    }

    const TakeDir& dir_;
    const bool locked_;
    Inspection found_;
    std::vector<Media> media_;
    std::string bytes_;                 // reused for its capacity
    std::vector<std::uint8_t> packet_;  // likewise
    bool too_damaged_ = false;
};

}  // namespace

namespace {

TrackStatistics statistics_of(const TrackRecord& track) {
    switch (track.track.kind) {
        case TrackKind::video:
            return TrackStatistics::of_video(track.track, track.video);
        case TrackKind::audio:
            return TrackStatistics::of_audio(track.track, track.audio);
        case TrackKind::data:
            break;
    }
    return TrackStatistics::of_data(track.track);
}

}  // namespace

TrackInspection::TrackInspection(TrackRecord record) : track(std::move(record)), statistics(statistics_of(track)) {}

std::vector<LostRun> TrackInspection::undeclared() const {
    std::vector<LostRun> open;
    for (const auto& run : lost) {
        if (run.cause == LossCause::altered) continue;  // it exists and can be rendered
        auto at = run.first;
        const auto end = run.first + run.count;
        auto it = declared.by_range().upper_bound(at);
        if (it != declared.by_range().begin()) --it;
        const auto add = [&](std::int64_t until) {
            if (until <= at) return;
            auto piece = run;
            piece.first = at;
            piece.count = until - at;
            piece.bytes = static_cast<std::uint64_t>(static_cast<double>(run.bytes) * static_cast<double>(piece.count) /
                                                     static_cast<double>(run.count));
            open.push_back(piece);
        };
        for (; it != declared.by_range().end() && it->first < end; ++it) {
            add(std::min(it->first, end));
            at = std::max(at, std::min(it->second, end));
        }
        add(end);
    }
    return open;
}

bool Inspection::needs_recovery() const {
    if (being_written) return false;
    // A program that was killed while it rewrote the manifest leaves a file that harms nothing.
    return !ends_with_end || partial_line > 0 || !manifest_problem.empty() ||
           std::ranges::any_of(tracks, [](const TrackInspection& t) {
               return t.header_stale || t.orphaned.size() > 0 || !t.beyond.partial.empty() ||
                      t.beyond.parts.size() > 0 || !t.undeclared().empty();
           });
}

Result<Inspection> inspect_take(const TakeDir& dir, bool locked) {
    return Inspector(dir, locked).run();
}

}  // namespace onetake
