#include "render/media_reader.h"

#include "base/files.h"
#include "base/plural.h"
#include "take/take_dir.h"

#include <algorithm>
#include <cmath>
#include <fcntl.h>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr Duration kLatestBegin = std::chrono::hours(24 * 30);  // of a track, after the begin of the take
constexpr std::size_t kLargestJpeg = std::size_t{256} << 20;
constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;  // the limit of encoders
constexpr std::size_t kIdleImages = 80;                      // encoders look far ahead
constexpr std::size_t kMostNotes = 20;
constexpr std::size_t kMostWaiting = 20'000;                // more: the reference delivers nothing any more
constexpr std::size_t kMostOrdered = 400'000;               // more are not put in the order of their times
constexpr Duration kAudioBefore = std::chrono::seconds(3);  // audio that is read before the begin

Result<WavReader> open_wav(const TakeDir& dir, const std::string& path) {
    auto fd = dir.open_file(path, O_RDONLY);
    if (!fd) return fail(std::move(fd).error());
    return WavReader::read_from(std::move(*fd), dir.path(path));
}

HostTime end_of(const TakeEvent& event) {
    if (const auto* data = std::get_if<StoredData>(&event)) return data->record.time;
    if (const auto* end = std::get_if<StoredTrackEnd>(&event)) return end->time;
    const auto* stored = std::get_if<StoredAudio>(&event);
    return stored ? stored->span.end : std::get<StoredFrame>(event).time;
}

}  // namespace

Result<std::unique_ptr<MediaReader>> MediaReader::open(MediaReaderOptions options) {
    const auto follow = options.wait_for_more ? TakeSource::Follow::yes : TakeSource::Follow::no;
    auto source = TakeSource::open(options.take_folder, follow);
    if (!source) return fail(std::move(source).error());
    std::unique_ptr<MediaReader> reader(new MediaReader(std::move(options), std::move(*source)));
    auto first = reader->next_event();
    if (!first) return fail(std::move(first).error());
    if (!*first)
        return fail(ErrorCode::not_found,
                    fmt::format("{} holds neither frames nor audio.", reader->options_.take_folder));
    reader->first_event_ = std::move(*first);
    ONETAKE_TRY(reader->open_tracks());
    return reader;
}

Status MediaReader::open_tracks() {
    auto decoder = JpegDecoder::create();
    if (!decoder) return fail(std::move(decoder).error());
    decoder_.emplace(std::move(*decoder));
    images_ = BufferPool::create(kIdleImages);
    auto dir = TakeDir::open(options_.take_folder);
    if (!dir) return fail(std::move(dir).error());
    dir_ = std::make_shared<const TakeDir>(std::move(*dir));
    for (const auto& t : source_.tracks()) open_track(t);
    choose_reference();
    return {};
}

void MediaReader::open_track(const TrackRecord& t) {
    tracks_.push_back(t);
    if (t.track.kind == TrackKind::video) {
        if (options_.audio_only) return;
        Video video;
        if (auto frames = dir_->open_folder(t.path))
            video.frames = std::move(*frames);
        else
            note(frames.error().message);
        video.color = t.video.color;
        videos_.emplace(t.track.number, std::move(video));
    } else if (t.track.kind == TrackKind::data) {
        if (options_.audio_only) return;
        auto& data = data_[t.track.number];
        if (auto file = DataFileReader::open(*dir_, t.track))
            data.file.emplace(std::move(*file));
        else
            note(file.error().message);
    } else {
        Audio audio;
        if (auto wav = open_wav(*dir_, t.path))
            audio.wav.emplace(std::move(*wav));
        else
            note(wav.error().message);
        if (audio.wav && t.track.number == 1) take_enhanced(audio);
        audios_.emplace(t.track.number, std::move(audio));
    }
}

void MediaReader::add_tracks(const std::vector<TakeTrack>& tracks) {
    for (const auto& track : tracks) {
        const auto& record = track.record;
        if (record.track.kind == TrackKind::video && track.first_part)
            first_parts_.try_emplace(record.track.number, *track.first_part);
        if (std::ranges::find(tracks_, record.track, &TrackRecord::track) == tracks_.end()) open_track(record);
    }
}

const PartRecord* MediaReader::first_part(TrackId track) const {
    const auto it = first_parts_.find(track.number);
    return it != first_parts_.end() ? &it->second : source_.part(track, 1);
}

void MediaReader::choose_reference() {
    if (options_.sync_reference == SyncReference::system) return;
    for (const auto& t : source_.tracks()) {
        if (t.track.kind != TrackKind::audio || !audios_.at(t.track.number).wav) continue;
        reference_.emplace(t.audio.sample_rate, *source_.origin());
        reference_track_ = t.track;
        return;
    }
    note("The take has no audio to be the reference; the output file keeps the system's time.");
}

void MediaReader::take_enhanced(Audio& audio) {
    if (audio.wav->frames() == 0) return;
    auto enhanced = open_enhanced(options_.enhanced);
    if (!enhanced) return note(enhanced.error().message);
    if (!*enhanced) return;
    audio.raw_rate = audio.wav->sample_rate();
    audio.wav.emplace(std::move(**enhanced));
}

bool MediaReader::uses_enhanced() const {
    const auto first = audios_.find(1);
    return first != audios_.end() && first->second.raw_rate;
}

Result<std::optional<TakeEvent>> MediaReader::next_event() {
    if (first_event_) return std::exchange(first_event_, std::nullopt);
    for (;;) {
        auto event = source_.next();
        if (!event || *event || source_.ended()) return event;
        if (!options_.wait_for_more()) source_.stop_following();
    }
}

std::optional<JpegInfo> MediaReader::find_frame_format(const TrackRecord& t, std::int64_t last) {
    constexpr int kEnough = 10;
    const auto& video = videos_.at(t.track.number);
    struct Seen {
        JpegInfo info;
        int times = 0;
    };
    std::vector<Seen> sizes;
    int seen = 0;
    for (std::int64_t n = 1; n <= last && seen < kEnough && video.frames; ++n) {
        if (!read_file_into(video.frames.get(), frame_file(n), kLargestJpeg, bytes_)) continue;
        const auto info = inspect_jpeg(jpeg());
        if (!info || std::int64_t{info->width} * info->height > kMostPixels) continue;
        if (!options_.copy && !decoder_->decode(jpeg(), *images_, video.color.matrix)) continue;
        if (info->width == t.video.width && info->height == t.video.height) return *info;
        ++seen;
        const auto same = std::ranges::find_if(
            sizes, [&](const Seen& s) { return s.info.width == info->width && s.info.height == info->height; });
        if (same == sizes.end())
            sizes.push_back({*info, 1});
        else
            ++same->times;
    }
    const auto most = std::ranges::max_element(sizes, {}, &Seen::times);
    return most == sizes.end() ? std::nullopt : std::optional(most->info);
}

const WavReader* MediaReader::wav(TrackId track) const {
    const auto it = audios_.find(track.number);
    return it != audios_.end() && it->second.wav ? &*it->second.wav : nullptr;
}

void MediaReader::map_video(TrackId track, int file_track, const JpegInfo& format) {
    auto& video = videos_.at(track.number);
    video.file_track = file_track;
    video.width = format.width;
    video.height = format.height;
}

void MediaReader::map_encoded(TrackId track, int file_track, bool copy) {
    auto& video = videos_.at(track.number);
    video.file_track = file_track;
    video.copy = copy;
    video.encoded.emplace(dir_, video.color, !copy);
}

void MediaReader::map_audio(TrackId track, int file_track) {
    audios_.at(track.number).file_track = file_track;
}

void MediaReader::map_data(TrackId track) {
    data_.at(track.number).mapped = true;
}

Status MediaReader::run(BoundedQueue<RenderItem>& out) {
    for (;;) {
        auto event = next_event();
        if (!event) return fail(std::move(event).error());
        if (!*event) break;
        if (!emit_new_markers(out) || !emit_in_order(std::move(**event), out)) return enhancement_;
    }
    (void)(emit_waiting(0, out) && emit_new_markers(out));
    return enhancement_;
}

bool MediaReader::emit_new_markers(BoundedQueue<RenderItem>& out) {
    const auto& markers = source_.markers();
    for (; options_.emit_markers && markers_emitted_ < markers.size(); ++markers_emitted_) {
        const auto& mark = markers[markers_emitted_];
        if (!out.push(Chapter{std::max(file_time(mark.time), MediaTime{}), mark.text})) return false;
    }
    return true;
}

bool MediaReader::emit_in_order(TakeEvent event, BoundedQueue<RenderItem>& out) {
    if (options_.in_time_order) {
        // What waited for audio to be placed lies before it.
        if (std::holds_alternative<StoredAudio>(event)) return emit_waiting(kMostOrdered, out) && emit(event, out);
        waiting_.push_back(std::move(event));
        return emit_waiting(kMostOrdered, out);
    }
    if (!reference_) return emit(event, out);
    if (const auto* stored = std::get_if<StoredAudio>(&event); stored && is_reference(stored->track)) {
        if (!emit(event, out)) return false;
    } else {
        waiting_.push_back(std::move(event));
    }
    return emit_waiting(kMostWaiting, out);
}

bool MediaReader::may_go(const TakeEvent& event) const {
    if (reference_) return end_of(event) <= reference_->settled();
    const auto unsettled = source_.unsettled_from();
    return !unsettled || end_of(event) <= *unsettled;
}

bool MediaReader::emit_waiting(std::size_t most_left, BoundedQueue<RenderItem>& out) {
    while (!waiting_.empty() && (waiting_.size() > most_left || may_go(waiting_.front()))) {
        if (!emit(waiting_.front(), out)) return false;
        waiting_.pop_front();
    }
    return true;
}

bool MediaReader::emit(const TakeEvent& event, BoundedQueue<RenderItem>& out) {
    return std::visit([&](const auto& e) { return emit(e, out); }, event);
}

// By the nearest millisecond, as it is said which chunk media belong to.
bool MediaReader::is_before_begin(MediaTime t) const {
    return to_ticks(t.time_since_epoch(), 1000) < to_ticks(options_.begin.time_since_epoch(), 1000);
}

MediaTime MediaReader::file_time(HostTime t) const {
    return reference_ ? reference_->at(t) : media_time(t, *source_.origin());
}

// The begin of a track is stored as an edit of any length, a gap as the length of a frame.
std::string MediaReader::too_late(std::optional<MediaTime> last, MediaTime t) const {
    const auto after = t - last.value_or(MediaTime{});
    if (after <= (last ? options_.longest_gap : kLatestBegin)) return {};
    return fmt::format("its stamp is {:.1f} h after {}, more than the file can store.", to_seconds(after) / 3600,
                       last ? "its predecessor" : "the begin of the take");
}

bool MediaReader::emit(const StoredFrame& frame, BoundedQueue<RenderItem>& out) {
    const auto it = videos_.find(frame.track.number);
    if (it == videos_.end()) return leave_out(frame.track, frame.time, out);
    auto& video = it->second;
    const auto time = std::max(file_time(frame.time), MediaTime{});
    if (is_before_begin(time)) return true;
    ++video.named;
    if (!video.file_track) return ++video.lost, leave_out(frame.track, frame.time, out);
    const auto lose = [&](std::string_view why) { return this->lose(video, frame, why); };
    if (const auto why = too_late(video.last, time); !why.empty()) return lose(why);
    if (video.encoded) return emit_encoded(video, frame, time, out);
    if (auto status = read_file_into(video.frames.get(), frame_file(frame.number), kLargestJpeg, bytes_); !status)
        return lose(status.error().message);
    const auto info = inspect_jpeg(jpeg());
    if (!info) return lose(info.error().message);
    if (info->width != video.width || info->height != video.height) return lose("it has a different size");
    if (options_.copy) {
        video.last = time;
        return out.push(CopiedFrame{*video.file_track, {jpeg().begin(), jpeg().end()}, time});
    }
    auto image = decoder_->decode(jpeg(), *images_, video.color.matrix);
    if (!image) return lose(image.error().message);
    video.last = time;
    image->color.range = video.color.range;
    return out.push(DecodedFrame{*video.file_track, frame.number, std::move(*image), time});
}

bool MediaReader::emit_encoded(Video& video, const StoredFrame& frame, MediaTime time, BoundedQueue<RenderItem>& out) {
    auto& encoded = *video.encoded;
    const auto* part = frame.packet ? source_.part(frame.track, frame.packet->part) : nullptr;
    if (auto status = encoded.read(frame, part); !status) return lose(video, frame, status.error().message);
    source_.forget_parts_before(frame.track, frame.packet->part);
    if (video.copy) {
        video.last = time;
        return out.push(
            CopiedFrame{*video.file_track, std::move(encoded.packet()), time, frame.packet->key, frame.packet->part});
    }
    auto image = encoded.decode(frame);
    if (!image) return lose(video, frame, image.error().message);
    if (!*image) return lose(video, frame, "its packet holds no image.");
    video.last = time;
    return out.push(DecodedFrame{*video.file_track, frame.number, std::move(**image), time});
}

bool MediaReader::lose(Video& video, const StoredFrame& frame, std::string_view why) {
    ++video.lost;
    note(fmt::format("{} frame {}: {}", to_string(frame.track), frame.number, why));
    return true;
}

bool MediaReader::emit(const StoredAudio& stored, BoundedQueue<RenderItem>& out) {
    const auto it = audios_.find(stored.track.number);
    if (it == audios_.end()) return leave_out(stored.track, stored.span.begin, out);
    auto& audio = it->second;
    if (file_time(stored.span.end) < options_.begin - kAudioBefore) return true;
    const auto named = static_cast<std::uint64_t>(stored.span.frames);
    audio.named += named;
    if (!audio.file_track || !audio.wav) return audio.lost += named, leave_out(stored.track, stored.span.begin, out);
    auto raw = stored.span;  // with the take's audio offset
    const auto move = source_.audio_shift(stored.track, options_.audio_offset);
    raw.begin += move;
    raw.end += move;
    std::optional<std::int64_t> kept_at;
    if (is_reference(stored.track)) kept_at = reference_->add(raw);
    const auto span = audio.raw_rate ? at_rate(raw, *audio.raw_rate, audio.wav->sample_rate()) : raw;
    if (audio.raw_rate && options_.enhanced.wait_for) {
        enhancement_ = options_.enhanced.wait_for(span.first_sample + span.frames);
        if (!enhancement_) return false;
    }
    PlacedAudio placed{*audio.file_track, stored.track, {}, span.first_sample};
    auto& run = placed.run;
    const auto lose = [&](std::int64_t samples, std::string why) {
        audio.lost += static_cast<std::uint64_t>(samples);
        note(std::move(why));
    };
    const auto begin = file_time(span.begin);
    if (const auto why = too_late(audio.last, begin); !why.empty()) {
        lose(stored.span.frames,
             fmt::format("{} from sample {}: {}", to_string(stored.track), stored.span.first_sample, why));
        return true;
    }
    if (auto status = audio.wav->read(span.first_sample, span.frames, run.samples); !status) {
        lose(stored.span.frames, status.error().message);
        return true;
    }
    run.channels = audio.wav->channels();
    const auto have = static_cast<std::int64_t>(run.samples.size()) / run.channels;
    // The length of enhanced audio is exact to one sample only.
    if (have < span.frames - (audio.raw_rate ? 1 : 0))
        lose(stored.span.frames - have * stored.span.frames / span.frames,
             fmt::format("{} ends before its journal: audio is missing.", audio.wav->path()));
    if (have == 0) {
        audio.begun = audio.begun && !span.after_gap;
        return true;
    }
    run.begin = begin;
    const auto length = file_time(span.end) - run.begin;
    run.end = run.begin + Duration(std::llround(static_cast<double>(length.count()) * static_cast<double>(have) /
                                                static_cast<double>(span.frames)));
    audio.last = run.end;
    run.after_gap = span.after_gap || !std::exchange(audio.begun, true);
    if (audio.wav->sample_rate() == audio.raw_rate.value_or(audio.wav->sample_rate())) run.kept_at = kept_at;
    return out.push(std::move(placed));
}

bool MediaReader::emit(const StoredData& stored, BoundedQueue<RenderItem>& out) {
    const auto& record = stored.record;
    const auto it = data_.find(record.track.number);
    if (it == data_.end()) return leave_out(record.track, record.time, out);
    auto& data = it->second;
    if (is_before_begin(file_time(record.time))) return true;
    ++data.named;
    if (!data.mapped || !data.file) return ++data.lost, leave_out(record.track, record.time, out);
    PlacedData placed{record, {}, std::max(file_time(record.time), MediaTime{})};
    const auto lose = [&](const std::string& why) {
        ++data.lost;
        note(fmt::format("{} packet {}: {}", to_string(record.track), record.number, why));
        return true;
    };
    if (const auto why = too_late(data.last, placed.time); !why.empty()) return lose(why);
    if (auto status = data.file->read(record, placed.bytes); !status) return lose(status.error().message);
    data.last = placed.time;
    return out.push(std::move(placed));
}

bool MediaReader::emit(const StoredTrackEnd& end, BoundedQueue<RenderItem>& out) {
    const auto pause = [&](const auto& tracks) {
        const auto it = tracks.find(end.track.number);
        if (it == tracks.end() || !it->second.file_track) return true;
        return out.push(PausedTrack{*it->second.file_track, end.track, std::max(file_time(end.time), MediaTime{})});
    };
    if (end.track.kind == TrackKind::video) return pause(videos_);
    return end.track.kind == TrackKind::audio ? pause(audios_) : true;  // nobody waits for data
}

bool MediaReader::leave_out(TrackId track, HostTime t, BoundedQueue<RenderItem>& out) {
    if (options_.audio_only && track.kind != TrackKind::audio) return true;
    if (!left_out_.emplace(track.kind, track.number).second) return true;
    return out.push(UnmappedTrack{track, file_time(t)});
}

std::vector<TrackLoss> MediaReader::losses() const {
    std::vector<TrackLoss> losses;
    for (const auto& [number, v] : videos_) losses.push_back({{TrackKind::video, number}, v.named, v.lost});
    for (const auto& [number, a] : audios_) losses.push_back({{TrackKind::audio, number}, a.named, a.lost});
    for (const auto& [number, d] : data_) losses.push_back({{TrackKind::data, number}, d.named, d.lost});
    return losses;
}

std::vector<Chapter> MediaReader::markers() const {
    std::vector<Chapter> markers;
    for (const auto& mark : source_.markers())
        markers.push_back({std::max(file_time(mark.time), MediaTime{}), mark.text});
    std::ranges::stable_sort(markers, {}, &Chapter::begin);
    return markers;
}

std::vector<std::string> MediaReader::take_notes() {
    std::uint64_t frames = 0;
    for (const auto& [number, video] : videos_) frames += video.lost;
    if (frames > 0)
        notes_.push_back(fmt::format("{} of the journal {} not in the output file.", counted(frames, "frame"),
                                     frames == 1 ? "is" : "are"));
    return std::move(notes_);
}

void MediaReader::note(std::string text) {
    if (notes_.size() < kMostNotes && std::ranges::find(notes_, text) == notes_.end())
        notes_.push_back(std::move(text));
}

std::span<const std::uint8_t> MediaReader::jpeg() const {
    return {reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()};
}

}  // namespace onetake
