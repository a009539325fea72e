#include "render/renderer.h"

#include "base/plural.h"
#include "container/file_writer.h"
#include "encode/audio_stream_encoder.h"
#include "encode/background_encoder.h"
#include "encode/data_encoder.h"
#include "render/audio_mix.h"
#include "render/cfr.h"
#include "render/data_lines.h"
#include "render/index_bytes.h"
#include "render/kept_audio.h"
#include "render/output_guard.h"
#include "render/track_encoders.h"
#include "render/track_pace.h"
#include "render/webvtt.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <thread>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kDecodedAhead = 8;  // frames between decoder and encoder
// MP4 stores the duration of a frame or a gap in 31 bits: 6.6 h in 1/90000 s.
constexpr Duration kLongestMp4Gap = std::chrono::hours(6);
constexpr Duration kLongestGap = std::chrono::hours(24 * 30);

class Renderer {
 public:
    /// `again_at`: a rendering that follows and lacks a track is given up from here on, to begin again.
    Renderer(const RenderOptions& options, RenderProgress& progress, KeptAudio* kept = nullptr, MediaTime again_at = {})
        : options_(options), progress_(progress), kept_(kept), again_at_(again_at) {}

    /// run() was given up because the file lacks a track.
    bool begins_again() const { return begins_again_; }
    MediaTime position() const { return pace_.latest(); }

    /// `wait_for_more`: see MediaReaderOptions; empty for a take that is not being recorded.
    Result<RenderReport> run(std::function<bool()> wait_for_more) {
        if (options_.cfr && options_.codec == "copy")
            return fail(ErrorCode::invalid_argument,
                        "cfr needs an encoder: stored frames can't be copied to a constant rate.");
        if (!wait_for_more) {
            auto totals = count_take(options_.take_folder);
            if (!totals) return fail(std::move(totals).error());
            totals_ = *totals;
            progress_.start(totals_->length);
        }
        follows_ = static_cast<bool>(wait_for_more);
        const auto offset = duration_from_seconds(options_.latency_offset_ms * 1e-3);
        auto reader = MediaReader::open({options_.take_folder, options_.codec == "copy", offset,
                                         std::move(wait_for_more), options_.enhanced, options_.sync_reference,
                                         options_.container == ContainerFormat::mp4 ? kLongestMp4Gap : kLongestGap});
        if (!reader) return fail(std::move(reader).error());
        reader_ = std::move(*reader);
        if (reader_->take().format < kFormatOfLateTracks) kept_ = nullptr;
        if (kept_ != nullptr) kept_->begin(reader_->origin());
        ONETAKE_TRY(find_tracks());
        // One that is followed is rendered to its end, or not at all.
        auto guard = OutputGuard::create(options_, *reader_, !totals_ || totals_->end);
        if (!guard) return fail(std::move(guard).error());
        guard_.emplace(std::move(*guard));
        ONETAKE_TRY(open_file());
        ONETAKE_TRY(write_media());
        if (lacks_track_ && follows_) return give_up();
        ONETAKE_TRY(finish_tracks());
        ONETAKE_TRY(guard_->check_not_lesser(frames_, totals_ ? std::optional(totals_->length) : std::nullopt));
        ONETAKE_TRY(write_side_files());
        auto file = file_->finish();
        if (!file) return fail(std::move(file).error());
        return report(std::move(*file));
    }

 private:
    // All that the journal names so far.
    Status find_tracks() {
        if (totals_) {
            tracks_ = totals_->tracks;
        } else {
            auto so_far = count_take(options_.take_folder);
            if (!so_far) return fail(std::move(so_far).error());
            tracks_ = std::move(so_far->tracks);
        }
        reader_->add_tracks(tracks_);
        return {};
    }
    bool has_media(TrackId id) const {
        return std::ranges::any_of(tracks_, [&](const TakeTrack& t) { return t.record.track == id && t.has_media; });
    }

    tl::unexpected<Error> give_up() {
        begins_again_ = true;
        return fail(ErrorCode::cancelled, "The file begins again, with a track that came later.");
    }

    Status open_file() {
        ONETAKE_TRY(make_folders(std::filesystem::path(options_.out_path).parent_path().string()));
        MuxerOptions options;
        options.creation_time = reader_->creation_time();
        options.title = reader_->take().name;
        options.metadata = {{"comment", guard_->tag()}};
        // One that appears meanwhile was not checked.
        options.replace = guard_->replaces();
        options.reserve_index_bytes = index_bytes(options_, reader_->tracks(), totals_, guard_->tag().size());
        // A file of unknown length keeps its index at its end; it is not copied to move it.
        options.move_limit_bytes = 0;
        auto file = FileWriter::create(options_.out_path, options_.container, std::move(options));
        if (!file) return fail(std::move(file).error());
        file_.emplace(std::move(*file));
        for (const auto& t : reader_->tracks()) {
            if (follows_ && !has_media(t.track)) continue;
            ONETAKE_TRY(t.track.kind == TrackKind::video   ? add_video(t)
                        : t.track.kind == TrackKind::audio ? add_audio(t)
                                                           : add_data(t));
        }
        if (no_media_)
            return fail(ErrorCode::corrupt,
                        fmt::format("{} has no readable frames and no audio; `onetake check` lists what is missing.",
                                    options_.take_folder));
        return file_->begin();
    }

    // The number that the encoder's track has in the file, and in encoders_.
    Result<int> add_track(std::unique_ptr<StreamEncoder> encoder) {
        auto params = encoder->params();
        if (options_.track_tags)
            for (auto& tag : options_.track_tags(params.title)) params.metadata.push_back(std::move(tag));
        auto number = file_->add_track(params);
        if (!number) return number;
        const bool audio = params.kind == TrackKind::audio;
        pace_.add_track(audio ? TrackPace::kAudioSilence : TrackPace::kVideoSilence);
        encoders_.push_back(std::move(encoder));
        return number;
    }

    Status add_video(const TrackRecord& t) {
        if (t.store == TrackStore::encoded) return add_encoded(t);
        constexpr std::int64_t kFirstFrames = 100;
        const auto format =
            reader_->find_frame_format(t, totals_ ? static_cast<std::int64_t>(totals_->frames) : kFirstFrames);
        if (!format) {
            notes_.push_back(fmt::format("{} has no readable frame.", to_string(t.track)));
            return {};
        }
        const double fps = nominal_fps(options_, t, totals_);
        auto encoder = jpeg_track_encoder(options_, t, *format, fps);
        if (!encoder) return fail(std::move(encoder).error());
        const auto added = add_track(std::move(*encoder));
        if (!added) return fail(added.error());
        reader_->map_video(t.track, *added, *format);
        no_media_ = false;
        if (options_.cfr) return add_constant_rate(t.track, *added);
        return {};
    }

    Status add_encoded(const TrackRecord& t) {
        const auto* part = reader_->first_part(t.track);
        if (part == nullptr) {
            notes_.push_back(fmt::format("{} has no readable frame.", to_string(t.track)));
            return {};
        }
        const bool copy = options_.codec == "copy" || (options_.copy_encoded && !parts_differ(*part));
        const double fps = nominal_fps(options_, t, totals_);
        auto encoder = encoded_track_encoder(options_, t, *part, fps, copy);
        if (!encoder) return fail(std::move(encoder).error());
        const auto added = add_track(std::move(*encoder));
        if (!added) return fail(added.error());
        reader_->map_encoded(t.track, *added, copy);
        no_media_ = false;
        if (options_.cfr) return add_constant_rate(t.track, *added);
        return {};
    }

    // Unknown while following: a later part that differs is left out then, with a note.
    bool parts_differ(const PartRecord& first) {
        if (!totals_) return false;
        const bool differ = std::ranges::any_of(
            totals_->parts, [&](const PartRecord& p) { return p.track == first.track && !same_stream(p, first); });
        if (differ)
            notes_.push_back(
                fmt::format("{} has parts of different sizes or codec parameters: it was encoded anew, at "
                            "{}x{}.",
                            to_string(first.track), first.params.width, first.params.height));
        return differ;
    }

    Status add_constant_rate(TrackId track, int file_track) {
        auto stem = std::filesystem::path(options_.out_path).replace_extension().string();
        if (track.number > 1) stem = fmt::format("{}.{}", stem, to_string(track));
        auto cfr = ConstantRate::create(*options_.cfr, stem + ".frames.csv");
        if (!cfr) return fail(std::move(cfr).error());
        constant_.emplace(file_track, std::move(*cfr));
        return {};
    }

    Status add_audio(const TrackRecord& t) {
        if (options_.audio.mix) return add_to_mix(t);
        const auto* wav = reader_->wav(t.track);
        if (!wav || wav->frames() == 0) {
            notes_.push_back(fmt::format("{} has no audio.", to_string(t.track)));
            return {};
        }
        AudioStreamSettings s;
        s.sample_rate = wav->sample_rate();
        s.channels = wav->channels();
        s.output_rate = options_.audio.sample_rate;
        s.codec = options_.audio.codec;
        s.bit_rate = options_.audio_bitrate;
        s.title = t.audio.name;
        auto encoder = open_audio(t, s);
        if (!encoder) return fail(std::move(encoder).error());
        const auto added = add_track(std::make_unique<BackgroundEncoder>(std::move(*encoder)));
        if (!added) return fail(added.error());
        reader_->map_audio(t.track, *added);
        no_media_ = false;
        return {};
    }

    Result<std::unique_ptr<StreamEncoder>> open_audio(const TrackRecord& t, const AudioStreamSettings& settings) {
        if (kept_ != nullptr) return kept_->encoder(t.track.number, settings);
        return AudioStreamEncoder::open(settings);
    }

    Status add_to_mix(const TrackRecord& t) {
        const auto* wav = reader_->wav(t.track);
        if (!wav || wav->frames() == 0) {
            notes_.push_back(fmt::format("{} has no audio.", to_string(t.track)));
            return {};
        }
        if (!mix_) {
            AudioStreamSettings s;
            s.sample_rate = options_.audio.sample_rate;
            s.channels = options_.audio.channels;
            s.codec = options_.audio.codec;
            s.bit_rate = options_.audio_bitrate;
            s.title = "Mixed audio";
            auto encoder = AudioStreamEncoder::open(s);
            if (!encoder) return fail(std::move(encoder).error());
            const int rate = (*encoder)->params().sample_rate;
            const auto added = add_track(std::make_unique<BackgroundEncoder>(std::move(*encoder)));
            if (!added) return fail(added.error());
            mix_track_ = *added;
            mix_.emplace(rate, options_.audio.channels);
            no_media_ = false;
        }
        ONETAKE_TRY(mix_->add(t.track, wav->sample_rate(), wav->channels()));
        reader_->map_audio(t.track, mix_track_);
        return {};
    }
    AudioMix::Sink mix_sink() {
        return [this](std::vector<float> samples) { return encode(mix_track_, AudioSamples{std::move(samples)}); };
    }

    // Matroska holds data as subtitles of a codec that libavformat copies byte by byte; an MP4 has no such thing.
    Status add_data(const TrackRecord& t) {
        if (options_.container == ContainerFormat::mkv) {
            const auto added = add_track(std::make_unique<DataEncoder>(t.data.name));
            if (!added) return fail(added.error());
            data_tracks_[t.track.number] = *added;
            no_media_ = false;
        } else {
            const auto stem = std::filesystem::path(options_.out_path).replace_extension().string();
            auto lines = DataLines::create(fmt::format("{}.{}.jsonl", stem, to_string(t.track)));
            if (!lines) return fail(std::move(lines).error());
            data_lines_.emplace(t.track.number, std::move(*lines));
        }
        reader_->map_data(t.track);
        return {};
    }

    Status write_media() {
        BoundedQueue<RenderItem> items(kDecodedAhead);
        Status read;
        std::thread reading([&] {
            read = reader_->run(items);
            items.close();
        });
        Status written;
        while (auto item = items.pop()) {
            if (options_.cancel.stop_requested()) written = cancelled();
            if (written) written = std::visit([&](auto& it) { return write(it); }, *item);
            if (written) written = pass_silent_tracks();
            if (written && lacks_track_ && follows_ && pace_.latest() >= again_at_) written = give_up();
            if (!written) {
                items.close();
                break;
            }
        }
        reading.join();
        if (!written) return written;
        if (!read) return read;
        for (auto& [track, cfr] : constant_) ONETAKE_TRY(cfr.finish(frame_writer(track)));
        progress_.done(frames_);
        return {};
    }

    static Status cancelled() { return fail(ErrorCode::cancelled, "Rendering was cancelled; no file was made."); }

    Status write(DecodedFrame& frame) {
        ONETAKE_TRY(at(frame.track, frame.time));
        const auto it = constant_.find(frame.track);
        const auto out = frame_writer(frame.track);
        if (it == constant_.end()) return out(std::move(frame.image), frame.time);
        return it->second.add(std::move(frame.image), frame.number, frame.time, out);
    }
    Status write(CopiedFrame& frame) {
        ONETAKE_TRY(at(frame.track, frame.time));
        ++frames_;
        return encode(frame.track, CompressedFrame{std::move(frame.bytes), frame.time, frame.key});
    }
    Status write(PlacedAudio& audio) {
        if (mix_) {
            ONETAKE_TRY(at(audio.track, audio.run.begin));
            ONETAKE_TRY(mix_->write(audio.source, audio.run));
            return mix_->take(mix_sink());
        }
        // A long gap is written in pieces: the packets of a piece are in memory together.
        constexpr Duration kSilentPiece = std::chrono::seconds(10);
        auto& end = audio_ends_[audio.track];
        while (audio.run.after_gap && audio.run.begin - end > 2 * kSilentPiece)
            ONETAKE_TRY(encode(audio.track, AudioSilence{end += kSilentPiece}));
        ONETAKE_TRY(at(audio.track, audio.run.begin));
        end = audio.run.end;
        return encode(audio.track, std::move(audio.run));
    }
    Status write(PlacedData& data) {
        if (const auto lines = data_lines_.find(data.record.track.number); lines != data_lines_.end())
            return lines->second.add(data.record, data.time, data.bytes);
        return encode(data_tracks_.at(data.record.track.number), CompressedFrame{std::move(data.bytes), data.time});
    }

    // Only where they were asked for.
    static Status write(TrackComplete&) { return {}; }
    static Status write(Chapter&) { return {}; }
    Status write(PausedTrack& paused) {
        if (mix_ && paused.source.kind == TrackKind::audio) return mix_->pause(paused.source);
        auto& encoder = *encoders_[static_cast<std::size_t>(paused.track)];
        ONETAKE_TRY(encoder.pause(packets_));
        return file_->write(paused.track, packets_);
    }
    // One whose media can't be read is no track of the file, either way.
    Status write(UnmappedTrack& unmapped) {
        if (!has_media(unmapped.track)) lacks_track_ = true;
        return {};
    }

    Status at(int track, MediaTime time) {
        pace_.at(static_cast<std::size_t>(track), time);
        if (encoders_[static_cast<std::size_t>(track)]->params().kind == TrackKind::video) progress_.at(time, frames_);
        return pass_data_tracks(time);
    }
    Status pass_silent_tracks() {
        if (mix_ && pace_.latest() - mixed_ >= std::chrono::seconds(1)) {
            mixed_ = pace_.latest();
            mix_->advance(mixed_ - TrackPace::kAudioSilence);
            ONETAKE_TRY(mix_->take(mix_sink()));
        }
        return pace_.pass_silent([this](std::size_t track, MediaTime time, bool first) -> Status {
            auto& encoder = *encoders_[track];
            const int number = static_cast<int>(track);
            if (first) {
                if (encoder.params().kind == TrackKind::video)
                    ONETAKE_TRY(encoder.pause(packets_));
                else
                    encoder.catch_up(packets_);
                ONETAKE_TRY(file_->write(number, packets_));
            }
            return file_->advance(number, time);
        });
    }
    // Packets of other tracks must not wait for data, which come as they do.
    Status pass_data_tracks(MediaTime time) {
        for (const auto& [number, track] : data_tracks_) ONETAKE_TRY(file_->advance(track, time));
        return {};
    }

    Status encode(int track, EncoderInput input) {
        ONETAKE_TRY(encoders_[static_cast<std::size_t>(track)]->encode(std::move(input), packets_));
        return file_->write(track, packets_);
    }

    Status finish_tracks() {
        if (mix_) {
            ONETAKE_TRY(mix_->finish(mix_sink()));
            if (mix_->late() > 0)
                notes_.push_back(fmt::format("{} came too late for the mix.", counted(mix_->late(), "sample")));
        }
        for (std::size_t i = 0; i < encoders_.size(); ++i) {
            ONETAKE_TRY(encoders_[i]->finish(packets_));
            ONETAKE_TRY(file_->write(static_cast<int>(i), packets_));
            ONETAKE_TRY(file_->end_track(static_cast<int>(i)));
        }
        return {};
    }

    // Those beside a file that is kept are kept, too.
    Status write_side_files() {
        for (auto& [track, cfr] : constant_) ONETAKE_TRY(cfr.commit());
        for (auto& [track, lines] : data_lines_) ONETAKE_TRY(lines.commit());
        return write_markers();
    }

    Status write_markers() {
        auto markers = reader_->markers();
        if (markers.empty()) return {};
        const auto stem = std::filesystem::path(options_.out_path).replace_extension().string();
        ONETAKE_TRY(write_webvtt(stem + ".markers.vtt", markers, MediaTime(file_->duration())));
        file_->set_chapters(std::move(markers));
        return {};
    }

    ConstantRate::Out frame_writer(int track) {
        return [this, track](PlanarImage image, MediaTime time) {
            if (options_.cancel.stop_requested()) return cancelled();
            ++frames_;
            return encode(track, TimedImage{std::move(image), time});
        };
    }

    RenderReport report(WrittenFile file) {
        RenderReport r;
        r.path = std::move(file.path);
        r.bytes = file.bytes;
        r.audio = guard_->info().audio;
        for (const auto& track : file.tracks)
            if (track.kind == TrackKind::video && r.codec.empty()) r.codec = track.codec;
        r.frames = frames_;
        r.origin = reader_->origin();
        r.duration = file.duration;
        r.losses = reader_->losses();
        r.notes = std::move(notes_);
        for (const auto& encoder : encoders_)
            for (auto& text : encoder->notes()) r.notes.push_back(std::move(text));
        for (auto& text : file.notes) r.notes.push_back(std::move(text));
        for (auto& text : reader_->take_notes()) r.notes.push_back(std::move(text));
        return r;
    }

    const RenderOptions& options_;
    RenderProgress& progress_;
    KeptAudio* kept_;  // null: the file can't begin again with another track
    const MediaTime again_at_;
    bool follows_ = false, lacks_track_ = false, begins_again_ = false;
    std::optional<TakeTotals> totals_;  // unknown while following
    std::vector<TakeTrack> tracks_;     // of the take; while following, those known when the file began
    TrackPace pace_;
    std::optional<AudioMix> mix_;
    int mix_track_ = 0;  // of the file
    MediaTime mixed_;    // where silent tracks of the mix were passed over last
    std::unique_ptr<MediaReader> reader_;
    std::optional<OutputGuard> guard_;
    std::optional<FileWriter> file_;
    std::vector<std::unique_ptr<StreamEncoder>> encoders_;  // by track of the file
    std::map<int, MediaTime> audio_ends_;                   // of what was written, by track of the file
    std::vector<Packet> packets_;                           // reused from input to input
    std::map<int, ConstantRate> constant_;                  // by track of the file
    std::map<int, int> data_tracks_;                        // tracks of the file, by number of the data track
    std::map<int, DataLines> data_lines_;                   // of a file that can't hold them, likewise
    std::uint64_t frames_ = 0;
    bool no_media_ = true;
    std::vector<std::string> notes_;
};

}  // namespace

Result<RenderReport> render_take(const RenderOptions& options) {
    RenderProgress progress(options.on_progress);
    return Renderer(options, progress).run({});
}

Result<RenderReport> render_growing_take(const RenderOptions& options, RenderProgress& progress,
                                         std::function<bool()> wait_for_more) {
    KeptAudio kept(std::filesystem::path(options.out_path).parent_path().string());
    for (MediaTime again_at;;) {
        Renderer renderer(options, progress, &kept, again_at);
        auto report = renderer.run(wait_for_more);
        if (!renderer.begins_again() && (report || !kept.has_failed())) return report;
        const auto done = renderer.position().time_since_epoch();
        again_at = MediaTime(done + done / 10);
        progress.begin_again();
    }
}

}  // namespace onetake
