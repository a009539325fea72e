#include "base/error.h"
#include "base/files.h"
#include "codec/image_decoder.h"
#include "media/jpeg_info.h"
#include "reader/stored_audio_track.h"
#include "reader/stored_packets.h"
#include "take/data_file.h"
#include "take/journal_reader.h"
#include "take/take_dir.h"
#include "take/take_origin.h"

#include <onetake/loss_cause.h>
#include <onetake/take_reader.h>

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kLargestJpeg = std::size_t{1} << 28;

EventKind kind_of(const std::string& event) {
    for (const auto kind : {EventKind::stall, EventKind::resumed, EventKind::device_lost})
        if (to_string(kind) == event) return kind;
    return EventKind::note;
}

double seconds(HostTime t) {
    return to_seconds(t.time_since_epoch());
}

RecorderEvent event_of(const EventRecord& r) {
    return {kind_of(r.event), seconds(r.time), r.track ? to_string(*r.track) : std::string(), 0, r.text};
}

RecorderEvent event_of(const DropRecord& r) {
    auto text = r.text.empty() ? std::string(loss_cause_info(r.cause).text) : r.text;
    return {EventKind::loss, seconds(r.time), to_string(r.track), r.count, std::move(text)};
}

}  // namespace

class TakeReader::Impl {
 public:
    struct VideoTrack {
        TrackRecord record;
        UniqueFd folder;  // of its frames
        std::vector<std::int64_t> times = {}, numbers = {};
        std::optional<StoredPackets> packets = {};  // of an encoded track
    };

    struct DataTrack {
        TrackId id;
        std::vector<std::int64_t> times = {};
        std::vector<DataRecord> records = {};
    };

    Impl(TakeDir dir, JournalReader journal) : dir_(std::move(dir)), journal_(std::move(journal)) {}

    Result<bool> refresh() {
        bool gained = false;
        for (;;) {
            auto record = journal_.next();
            if (!record) return fail(std::move(record).error());
            if (!*record) break;
            gained = true;
            std::visit([this](auto& r) { add(r); }, **record);
        }
        // An unfinished take that nobody writes any more will have no further stamps.
        const bool over = complete_ || !journal_.being_written();
        if (gained || over)
            for (std::size_t i = 0; i < audio_readers_.size(); ++i)
                audio_readers_[i].update(shift_of(audio_numbers_[i]), over);
        return gained;
    }

    Result<const VideoTrack*> frame(std::size_t track, std::size_t frame) const {
        if (track >= video_tracks_.size())
            return fail(ErrorCode::invalid_argument, fmt::format("{} has no video track {}; it has {}.", dir_.folder(),
                                                                 track, video_tracks_.size()));
        if (frame >= video_tracks_[track].times.size())
            return fail(ErrorCode::invalid_argument,
                        fmt::format("Video track {} of {} has no frame {}; it has {}.", track, dir_.folder(), frame,
                                    video_tracks_[track].times.size()));
        return &video_tracks_[track];
    }

    Result<std::vector<std::uint8_t>> jpeg(std::size_t track, std::size_t index) const {
        const auto video = frame(track, index);
        if (!video) return fail(video.error());
        const auto& t = **video;
        std::string bytes;
        if (t.record.store == TrackStore::encoded)
            return fail(ErrorCode::unsupported,
                        fmt::format("{} holds packets of a video codec, not JPEGs; `onetake process` renders them.",
                                    dir_.path(t.record.path)));
        if (!t.folder) return fail(ErrorCode::not_found, fmt::format("{} is missing.", dir_.path(t.record.path)));
        ONETAKE_TRY(read_file_into(t.folder.get(), frame_file(t.numbers[index]), kLargestJpeg, bytes));
        return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
    }

    Result<Image> image(std::size_t track, std::size_t index, ImageFormat format) const {
        const auto video = frame(track, index);
        if (!video) return fail(video.error());
        const auto& t = **video;
        if (t.packets) return t.packets->image(dir_, index, format);
        const auto bytes = jpeg(track, index);
        if (!bytes) return fail(bytes.error());
        if (const auto complete = inspect_jpeg(*bytes); !complete) return fail(complete.error());
        return decode_image(*bytes, t.record.video.color, format);
    }

    Result<const StoredAudioReader*> audio(std::size_t track) const {
        if (track < audio_readers_.size()) return &audio_readers_[track];
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{} has no audio track {}; it has {}.", dir_.folder(), track, audio_readers_.size()));
    }

    Result<std::vector<std::uint8_t>> packet(std::size_t track, std::size_t index) const {
        if (track >= data_tracks_.size())
            return fail(ErrorCode::invalid_argument,
                        fmt::format("{} has no data track {}; it has {}.", dir_.folder(), track, data_tracks_.size()));
        const auto& t = data_tracks_[track];
        if (index >= t.records.size())
            return fail(ErrorCode::invalid_argument, fmt::format("Data track {} of {} has no packet {}; it has {}.",
                                                                 track, dir_.folder(), index, t.records.size()));
        const auto file = DataFileReader::open(dir_, t.id);
        if (!file) return fail(file.error());
        std::vector<std::uint8_t> bytes;
        ONETAKE_TRY(file->read(t.records[index], bytes));
        return bytes;
    }

    TakeDir dir_;
    JournalReader journal_;
    std::vector<StoredVideoTrack> video_;
    std::vector<StoredAudioTrack> audio_;
    std::vector<StoredDataTrack> data_;
    std::vector<StoredMarker> markers_;
    std::vector<VideoTrack> video_tracks_;
    std::vector<DataTrack> data_tracks_;
    std::vector<StoredAudioReader> audio_readers_;
    std::vector<RecorderEvent> events_;
    std::optional<ClockReading> clock_;
    OriginSearch origin_;
    bool complete_ = false;

 private:
    void add_data(const TrackRecord& r) {
        if (std::ranges::find(data_tracks_, r.track, &DataTrack::id) != data_tracks_.end()) return;
        origin_.add(r);
        data_.push_back({to_string(r.track), r.data.device, r.data.name});
        data_tracks_.push_back({r.track});
    }
    void add(const DataRecord& r) {
        const auto at = std::ranges::find(data_tracks_, r.track, &DataTrack::id);
        if (at == data_tracks_.end()) return;
        origin_.add(r);
        at->times.push_back(to_ns(r.time));
        at->records.push_back(r);
    }
    void add(const TrackRecord& r) {
        if (r.track.kind == TrackKind::data) return add_data(r);
        const bool is_video = r.track.kind == TrackKind::video;
        auto& known = is_video ? video_numbers_ : audio_numbers_;
        if (std::ranges::find(known, r.track.number) != known.end()) return;
        known.push_back(r.track.number);
        origin_.add(r);
        if (is_video) {
            const auto& v = r.video;
            video_.push_back(
                {to_string(r.track), v.device, v.name, v.width, v.height, v.fps, r.store == TrackStore::encoded});
            auto folder = dir_.open_folder(r.path);
            auto& track = video_tracks_.emplace_back(VideoTrack{r, folder ? std::move(*folder) : UniqueFd()});
            if (r.store == TrackStore::encoded) track.packets.emplace(v.color);
        } else {
            const auto& a = r.audio;
            audio_.push_back({to_string(r.track), a.device, a.name, a.sample_rate, a.channels, dir_.path(r.path)});
            audio_readers_.emplace_back(r, dir_.path(r.path));
        }
    }
    void add(const FrameRecord& r) {
        const auto at = std::ranges::find(video_numbers_, r.track.number);
        if (at == video_numbers_.end()) return;
        origin_.add(r);
        auto& track = video_tracks_[static_cast<std::size_t>(at - video_numbers_.begin())];
        track.times.push_back(to_ns(r.stamp.time));
        track.numbers.push_back(r.number);
        if (track.packets) track.packets->add(r);
    }
    void add(const BlockRecord& r) {
        const auto at = std::ranges::find(audio_numbers_, r.track.number);
        if (at == audio_numbers_.end()) return;
        origin_.add(r);
        audio_readers_[static_cast<std::size_t>(at - audio_numbers_.begin())].add(r);
    }
    void add(const TrackEndRecord& r) {
        origin_.add(r);
        const auto at = std::ranges::find(audio_numbers_, r.track.number);
        if (r.track.kind == TrackKind::audio && at != audio_numbers_.end())
            audio_readers_[static_cast<std::size_t>(at - audio_numbers_.begin())].end();
    }
    void add(const OffsetRecord& r) {
        if (r.video.number == 1) (r.source == "configured" ? configured_ : calibrated_)[r.audio.number] = r.offset;
    }
    void add(const ClockRecord& r) {
        if (!clock_) clock_ = r.reading;
    }
    void add(const DropRecord& r) { events_.push_back(event_of(r)); }
    void add(const EventRecord& r) { events_.push_back(event_of(r)); }
    void add(MarkRecord& r) { markers_.push_back({to_ns(r.time), std::move(r.text)}); }
    void add(const EndRecord&) { complete_ = true; }
    void add(const TakeRecord&) {}
    void add(const ChunksRecord&) {}
    void add(const ChunkRecord&) {}
    void add(const PartRecord& r) {
        const auto at = std::ranges::find(video_numbers_, r.track.number);
        if (at == video_numbers_.end()) return;
        auto& track = video_tracks_[static_cast<std::size_t>(at - video_numbers_.begin())];
        if (track.packets) track.packets->add(r);
    }

    Duration shift_of(int audio) const {
        const auto of = [&](const std::map<int, Duration>& offsets) {
            const auto it = offsets.find(audio);
            return it == offsets.end() ? Duration{} : it->second;
        };
        return -of(configured_) - of(calibrated_);
    }

    std::vector<int> video_numbers_, audio_numbers_;  // as in the take, by index here
    std::map<int, Duration> calibrated_, configured_;
};

TakeReader::TakeReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TakeReader::TakeReader(TakeReader&&) noexcept = default;
TakeReader& TakeReader::operator=(TakeReader&&) noexcept = default;
TakeReader::~TakeReader() = default;

Result<TakeReader> TakeReader::open(const std::string& folder) {
    auto dir = TakeDir::open(folder);
    if (!dir) return fail(std::move(dir).error());
    auto journal = JournalReader::open(*dir);
    if (!journal) return fail(std::move(journal).error());
    TakeReader reader(std::make_unique<Impl>(std::move(*dir), std::move(*journal)));
    if (auto read = reader.refresh(); !read) return fail(std::move(read).error());
    return reader;
}

Result<bool> TakeReader::refresh() {
    return impl_->refresh();
}

const std::string& TakeReader::folder() const {
    return impl_->dir_.folder();
}
const std::string& TakeReader::name() const {
    return impl_->journal_.take().name;
}
const std::string& TakeReader::id() const {
    return impl_->journal_.take().id;
}
const std::string& TakeReader::program() const {
    return impl_->journal_.take().program;
}
const std::string& TakeReader::created() const {
    return impl_->journal_.take().created;
}
std::int64_t TakeReader::start_ns() const {
    return to_ns(impl_->origin_.origin().value_or(impl_->journal_.take().start));
}
bool TakeReader::complete() const {
    return impl_->complete_;
}
bool TakeReader::recording() const {
    return !impl_->complete_ && impl_->journal_.being_written();
}
const std::vector<StoredVideoTrack>& TakeReader::video() const {
    return impl_->video_;
}
const std::vector<StoredAudioTrack>& TakeReader::audio() const {
    return impl_->audio_;
}
const std::vector<RecorderEvent>& TakeReader::events() const {
    return impl_->events_;
}

std::span<const std::int64_t> TakeReader::frame_times(std::size_t track) const {
    if (track >= impl_->video_tracks_.size()) return {};
    return impl_->video_tracks_[track].times;
}

std::optional<std::size_t> TakeReader::frame_at(std::size_t track, std::int64_t t_ns) const {
    const auto times = frame_times(track);
    const auto after = std::ranges::upper_bound(times, t_ns);
    if (after == times.begin()) return std::nullopt;
    return static_cast<std::size_t>(after - times.begin() - 1);
}

Result<std::vector<std::uint8_t>> TakeReader::jpeg(std::size_t track, std::size_t frame) const {
    return impl_->jpeg(track, frame);
}

Result<Image> TakeReader::image(std::size_t track, std::size_t frame, ImageFormat format) const {
    if (const auto known = impl_->frame(track, frame); !known) return fail(known.error());
    auto image = impl_->image(track, frame, format);
    if (!image)
        return fail(image.error().code, fmt::format("Frame {} of {} of {}: {}", frame, video()[track].track, folder(),
                                                    image.error().message));
    return image;
}

std::int64_t TakeReader::sample_count(std::size_t track) const {
    const auto audio = impl_->audio(track);
    return audio ? (*audio)->count() : 0;
}

std::span<const SampleSpan> TakeReader::sample_spans(std::size_t track) const {
    const auto audio = impl_->audio(track);
    return audio ? (*audio)->spans() : std::span<const SampleSpan>();
}

Result<std::int64_t> TakeReader::sample_time(std::size_t track, std::int64_t sample) const {
    const auto audio = impl_->audio(track);
    if (!audio) return fail(audio.error());
    return (*audio)->time_of(sample);
}

Result<std::vector<std::int16_t>> TakeReader::samples(std::size_t track, std::int64_t first, std::int64_t count) const {
    const auto audio = impl_->audio(track);
    if (!audio) return fail(audio.error());
    return (*audio)->read(first, count);
}

Result<std::vector<std::int16_t>> TakeReader::audio_between(std::size_t track, std::int64_t from_ns,
                                                            std::int64_t to_ns) const {
    const auto audio = impl_->audio(track);
    if (!audio) return fail(audio.error());
    return (*audio)->between(from_ns, to_ns);
}

const std::vector<StoredMarker>& TakeReader::markers() const {
    return impl_->markers_;
}

const std::vector<StoredDataTrack>& TakeReader::data() const {
    return impl_->data_;
}

std::span<const std::int64_t> TakeReader::packet_times(std::size_t track) const {
    if (track >= impl_->data_tracks_.size()) return {};
    return impl_->data_tracks_[track].times;
}

Result<std::vector<std::uint8_t>> TakeReader::packet(std::size_t track, std::size_t index) const {
    return impl_->packet(track, index);
}

std::int64_t TakeReader::wall_time_ns(std::int64_t t_ns) const {
    std::int64_t since = 0, wall = 0;  // a journal's stamps are untrusted
    if (!impl_->clock_ || __builtin_sub_overflow(t_ns, to_ns(impl_->clock_->host), &since) ||
        __builtin_add_overflow(to_ns(impl_->clock_->wall), since, &wall))
        return 0;
    return wall;
}

}  // namespace onetake
