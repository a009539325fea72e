#include "record/renderer.h"

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/files.h"
#include "codec/jpeg_decoder.h"
#include "record/stored_take.h"
#include "sink/file_sink.h"
#include "take/take_source.h"
#include "take/wav.h"

#include <algorithm>
#include <cmath>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <thread>

namespace onetake {

namespace {

constexpr std::size_t kLargestJpeg = std::size_t{256} << 20;
constexpr std::size_t kDecodedAhead = 8;  // pictures between decoder and encoder
constexpr auto kProgressEvery = std::chrono::milliseconds(500);
constexpr int kAacFrame = 1024;
constexpr int kMostNotes = 20;
constexpr std::uint64_t kIndexPerTrack = 4096;  // names and headers

struct DecodedFrame {
    int track = 0;
    PlanarImage image;
    MediaTime time;
};
struct CopiedFrame {
    int track = 0;
    std::vector<std::uint8_t> jpeg;
    MediaTime time;
};
struct PlacedSound {
    int track = 0;
    TimedAudio run;
};
using RenderItem = std::variant<DecodedFrame, CopiedFrame, PlacedSound>;

/// Reads a take's media as its journal tells: the half of a rendering that comes before the encoders.
class MediaReader {
 public:
    MediaReader(TakeSource source, std::string folder, bool copy, Duration sound_offset)
        : source_(std::move(source)), folder_(std::move(folder)), copy_(copy), sound_offset_(sound_offset) {}

    struct VideoTrack {
        int sink = 0;
        int width = 0, height = 0;
        UniqueFd frames;
        ColorInfo color;
    };
    struct AudioTrack {
        int sink = 0;
        std::optional<WavReader> wav;
        bool begun = false;
    };

    Status open() {
        auto decoder = JpegDecoder::create();
        if (!decoder) return fail(std::move(decoder).error());
        decoder_.emplace(std::move(*decoder));
        for (const auto& t : source_.tracks()) {
            const auto path = fmt::format("{}/{}", folder_, t.path);
            if (t.track.kind == TrackKind::video) {
                VideoTrack video;
                video.frames.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
                if (!video.frames) return fail(file_error("Can't open the folder", path, errno));
                video.color = t.video.color;
                videos_.emplace(t.track.number, std::move(video));
            } else {
                AudioTrack audio;
                auto wav = WavReader::open(path);
                if (wav)
                    audio.wav.emplace(std::move(*wav));
                else
                    note(wav.error().message);
                audios_.emplace(t.track.number, std::move(audio));
            }
        }
        return {};
    }

    /// Reads everything, to the end or until the queue is closed.
    Status run(BoundedQueue<RenderItem>& out) {
        for (;;) {
            auto event = source_.next();
            if (!event) return fail(std::move(event).error());
            if (!*event) return {};
            const auto* frame = std::get_if<StoredFrame>(&**event);
            const bool more = frame ? read(*frame, out) : read(std::get<StoredSound>(**event), out);
            if (!more) return {};
        }
    }

    /// The first JPEG of a track that is whole; a track without one has no picture in the file.
    std::optional<JpegInfo> first_picture(int number) {
        constexpr std::int64_t kTries = 100;
        const auto& video = videos_.at(number);
        for (std::int64_t n = 1; n <= kTries; ++n) {
            if (!read_file_into(video.frames.get(), frame_file(n), kLargestJpeg, bytes_)) continue;
            if (auto info = inspect_jpeg(jpeg())) return *info;
        }
        return std::nullopt;
    }

    TakeSource& source() { return source_; }
    std::map<int, VideoTrack>& videos() { return videos_; }
    std::map<int, AudioTrack>& audios() { return audios_; }
    std::uint64_t lost_frames() const { return lost_frames_; }
    std::vector<std::string> take_notes() {
        if (lost_frames_ > 0)
            notes_.push_back(fmt::format("{} frames are in the journal but missing or damaged on disk.", lost_frames_));
        return std::move(notes_);
    }

 private:
    std::span<const std::uint8_t> jpeg() const {
        return {reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()};
    }

    bool read(const StoredFrame& frame, BoundedQueue<RenderItem>& out) {
        const auto it = videos_.find(frame.track.number);
        if (it == videos_.end() || it->second.sink < 0) return true;
        auto& video = it->second;
        const auto time = media_time(frame.time, *source_.origin());
        auto lose = [&](std::string_view why) {
            ++lost_frames_;
            note(fmt::format("{} frame {}: {}", to_string(frame.track), frame.number, why));
            return true;
        };
        if (auto status = read_file_into(video.frames.get(), frame_file(frame.number), kLargestJpeg, bytes_); !status)
            return lose(status.error().message);
        if (copy_) {
            const auto info = inspect_jpeg(jpeg());
            if (!info) return lose(info.error().message);
            if (info->width != video.width || info->height != video.height) return lose("it has another size");
            return out.push(CopiedFrame{video.sink, {jpeg().begin(), jpeg().end()}, time});
        }
        auto image = decoder_->decode(jpeg(), *pictures_, video.color.matrix);
        if (!image) return lose(image.error().message);
        if (image->width != video.width || image->height != video.height) return lose("it has another size");
        image->color.range = video.color.range;
        return out.push(DecodedFrame{video.sink, std::move(*image), time});
    }

    bool read(const StoredSound& sound, BoundedQueue<RenderItem>& out) {
        auto& audio = audios_.at(sound.track.number);
        if (audio.sink < 0 || !audio.wav) return true;
        PlacedSound placed{audio.sink, {}};
        auto& run = placed.run;
        if (auto status = audio.wav->read(sound.span.first_sample, sound.span.frames, run.samples); !status) {
            note(status.error().message);
            return true;
        }
        run.channels = audio.wav->channels();
        const auto have = static_cast<std::int64_t>(run.samples.size()) / run.channels;
        if (have < sound.span.frames)
            note(fmt::format("{} ends before its journal: sound is missing.", audio.wav->path()));
        if (have == 0) return true;
        const auto origin = *source_.origin();
        run.begin = media_time(sound.span.begin, origin) + sound_offset_;
        const auto length = sound.span.end - sound.span.begin;
        run.end = run.begin + Duration(std::llround(static_cast<double>(length.count()) * static_cast<double>(have) /
                                                    static_cast<double>(sound.span.frames)));
        run.after_gap = sound.span.after_gap || !std::exchange(audio.begun, true);
        return out.push(std::move(placed));
    }

    void note(std::string text) {
        if (notes_.size() < kMostNotes && std::ranges::find(notes_, text) == notes_.end())
            notes_.push_back(std::move(text));
    }

    TakeSource source_;
    const std::string folder_;
    const bool copy_;
    const Duration sound_offset_;
    std::optional<JpegDecoder> decoder_;
    std::shared_ptr<BufferPool> pictures_ = BufferPool::create(2 * kDecodedAhead + 64);  // encoders look far ahead
    std::map<int, VideoTrack> videos_;
    std::map<int, AudioTrack> audios_;
    std::string bytes_;  // kept for its capacity
    std::uint64_t lost_frames_ = 0;
    std::vector<std::string> notes_;
};

/// Tells how far a rendering is, twice a second.
class RenderProgress {
 public:
    RenderProgress(const ProgressCallback& callback, Duration length) : callback_(callback), length_(length) {}

    void at(MediaTime t, std::uint64_t frames) {
        if (!callback_) return;
        furthest_ = std::max(furthest_, t);
        const auto now = host_now();
        if (now - said_ < kProgressEvery) return;
        said_ = now;
        say(frames);
    }
    void done(std::uint64_t frames) {
        if (!callback_) return;
        furthest_ = MediaTime(length_);
        say(frames);
    }

 private:
    void say(std::uint64_t frames) const {
        Progress p;
        p.elapsed_s = to_seconds(host_now() - began_);
        p.frames = frames;
        const double media = to_seconds(furthest_.time_since_epoch()), all = to_seconds(length_);
        p.render_fraction = all > 0 ? std::clamp(media / all, 0.0, 1.0) : 1;
        if (p.elapsed_s > 0) {
            p.fps = static_cast<double>(frames) / p.elapsed_s;
            p.render_speed = media / p.elapsed_s;
            if (p.render_speed > 0) p.render_eta_s = std::max(0.0, all - media) / p.render_speed;
        }
        callback_(p);
    }

    const ProgressCallback& callback_;
    const Duration length_;
    const HostTime began_ = host_now();
    HostTime said_ = began_;
    MediaTime furthest_;
};

class Renderer {
 public:
    explicit Renderer(const RenderOptions& options) : options_(options) {}

    Result<RenderReport> run() {
        auto totals = count_take(options_.take_folder);
        if (!totals) return fail(std::move(totals).error());
        if (totals->frames + totals->blocks == 0)
            return fail(ErrorCode::not_found, fmt::format("{} holds neither frames nor sound.", options_.take_folder));
        totals_ = *totals;
        auto source = TakeSource::open(options_.take_folder);
        if (!source) return fail(std::move(source).error());
        const auto offset = duration_from_seconds(options_.latency_offset_ms * 1e-3);
        reader_.emplace(std::move(*source), options_.take_folder, options_.codec == "copy", offset);
        ONETAKE_TRY(reader_->open());
        ONETAKE_TRY(open_sink());
        ONETAKE_TRY(play());
        auto file = sink_->finish();
        if (!file) return fail(std::move(file).error());
        return report(std::move(*file));
    }

 private:
    // The origin is known once the first event is; nothing is lost by asking for it here.
    Result<WallTime> creation_time() {
        auto probe = TakeSource::open(options_.take_folder);
        if (!probe) return fail(std::move(probe).error());
        auto event = probe->next();
        if (!event) return fail(std::move(event).error());
        return probe->origin() ? probe->wall_time(*probe->origin()) : WallTime{};
    }

    Status open_sink() {
        ONETAKE_TRY(make_folders(std::filesystem::path(options_.out_path).parent_path().string()));
        const auto created = creation_time();
        if (!created) return fail(created.error());
        FileSinkOptions options;
        options.format = options_.container;
        options.file.creation_time = *created;
        options.file.title = reader_->source().take().name;
        options.file.replace = true;
        const auto seconds = static_cast<std::uint64_t>(to_seconds(totals_.length)) + 1;
        std::uint64_t audio_packets = 0;
        for (const auto& t : reader_->source().tracks())
            if (t.track.kind == TrackKind::audio)
                audio_packets += seconds * static_cast<std::uint64_t>(t.audio.sample_rate) / kAacFrame + 10;
        options.file.reserve_index_bytes =
            estimate_index_bytes(totals_.frames, audio_packets) + kIndexPerTrack * reader_->source().tracks().size();
        auto sink = FileSink::create(options_.out_path, std::move(options));
        if (!sink) return fail(std::move(sink).error());
        sink_.emplace(std::move(*sink));

        for (const auto& t : reader_->source().tracks())
            ONETAKE_TRY(t.track.kind == TrackKind::video ? add_video(t) : add_audio(t));
        return sink_->begin();
    }

    Status add_video(const TrackRecord& t) {
        auto& video = reader_->videos().at(t.track.number);
        const auto picture = reader_->first_picture(t.track.number);
        if (!picture) {
            video.sink = -1;
            notes_.push_back(fmt::format("{} has no picture that can be read.", to_string(t.track)));
            return {};
        }
        video.width = picture->width;
        video.height = picture->height;
        const double fps = nominal_fps(t);
        Result<int> added = options_.codec == "copy"
                                ? sink_->add_passthrough(jpeg_stream(t, *picture, fps))
                                : sink_->add_video(encoder_settings(t, *picture, fps), t.video.name);
        if (!added) return fail(std::move(added).error());
        video.sink = *added;
        return {};
    }

    double nominal_fps(const TrackRecord& t) const {
        if (t.video.fps > 0) return t.video.fps;
        const double s = to_seconds(totals_.length);
        constexpr double kDefault = 30;
        return s > 0 && totals_.frames > 1 ? std::clamp(static_cast<double>(totals_.frames) / s, 0.1, 1000.0)
                                           : kDefault;
    }

    VideoEncoderSettings encoder_settings(const TrackRecord& t, const JpegInfo& picture, double fps) const {
        VideoEncoderSettings s;
        s.codec = options_.codec;
        s.preset = options_.preset;
        s.crf = options_.crf;
        s.width = picture.width;
        s.height = picture.height;
        s.fps = fps;
        s.color = t.video.color;
        if (options_.pixel_range == PixelRange::limited) s.color.range = ColorRange::limited;
        return s;
    }

    static StreamParams jpeg_stream(const TrackRecord& t, const JpegInfo& picture, double fps) {
        StreamParams p;
        p.codec = "mjpeg";
        p.time_scale = 90000;
        p.title = t.video.name;
        p.width = picture.width;
        p.height = picture.height;
        switch (picture.chroma) {
            case Chroma::gray:
                p.pixel_format = "gray";
                break;
            case Chroma::s422:
                p.pixel_format = "yuvj422p";
                break;
            case Chroma::s444:
                p.pixel_format = "yuvj444p";
                break;
            default:
                p.pixel_format = "yuvj420p";
                break;
        }
        p.color = t.video.color;
        p.fps = fps;
        return p;
    }

    Status add_audio(const TrackRecord& t) {
        auto& audio = reader_->audios().at(t.track.number);
        if (!audio.wav || audio.wav->frames() == 0) {
            audio.sink = -1;
            notes_.push_back(fmt::format("{} has no sound.", to_string(t.track)));
            return {};
        }
        FileAudioSettings s;
        s.sample_rate = audio.wav->sample_rate();
        s.channels = audio.wav->channels();
        s.bit_rate = options_.audio_bitrate;
        s.title = t.audio.name;
        auto added = sink_->add_audio(s);
        if (!added) return fail(std::move(added).error());
        audio.sink = *added;
        return {};
    }

    Status play() {
        BoundedQueue<RenderItem> items(kDecodedAhead);
        Status read;
        std::thread reading([&] {
            read = reader_->run(items);
            items.close();
        });
        RenderProgress progress(options_.on_progress, totals_.length);
        Status written;
        while (auto item = items.pop()) {
            if (options_.cancel && options_.cancel->load())
                written = fail(ErrorCode::cancelled, "Rendering was cancelled; no file was made.");
            if (written) written = std::visit([&](auto& it) { return write(it, progress); }, *item);
            if (!written) {
                items.close();
                break;
            }
        }
        reading.join();
        if (!written) return written;
        if (!read) return read;
        progress.done(frames_);
        return {};
    }

    Status write(DecodedFrame& frame, RenderProgress& progress) {
        progress.at(frame.time, frames_);
        ++frames_;
        return sink_->write_video(frame.track, std::move(frame.image), frame.time);
    }
    Status write(CopiedFrame& frame, RenderProgress& progress) {
        progress.at(frame.time, frames_);
        ++frames_;
        return sink_->write_encoded(frame.track, std::move(frame.jpeg), frame.time);
    }
    Status write(PlacedSound& sound, RenderProgress& progress) {
        progress.at(sound.run.begin, frames_);
        return sink_->write_audio(sound.track, sound.run);
    }

    RenderReport report(FileSinkResult file) {
        RenderReport r;
        r.path = file.path;
        r.frames = frames_;
        r.lost_frames = reader_->lost_frames();
        r.notes = std::move(notes_);
        for (auto* more : {&file.notes})
            for (auto& text : *more) r.notes.push_back(std::move(text));
        for (auto& text : reader_->take_notes()) r.notes.push_back(std::move(text));
        return r;
    }

    const RenderOptions& options_;
    TakeTotals totals_;
    std::optional<MediaReader> reader_;
    std::optional<FileSink> sink_;
    std::uint64_t frames_ = 0;
    std::vector<std::string> notes_;
};

}  // namespace

RenderOptions render_options(const RecorderConfig& c, const std::string& name) {
    RenderOptions o;
    o.take_folder = take_folder(c.data_dir, name);
    o.out_path = rendered_path(c.processed_dir, name, c.container == ContainerFormat::mkv ? "mkv" : "mp4");
    o.codec = c.codec;
    o.preset = c.preset;
    o.crf = c.crf;
    o.pixel_range = c.pixel_range;
    o.container = c.container;
    o.audio_bitrate = c.audio_bitrate;
    o.latency_offset_ms = c.latency_offset_ms;
    return o;
}

Result<RenderReport> render_take(const RenderOptions& options) {
    return Renderer(options).run();
}

}  // namespace onetake
