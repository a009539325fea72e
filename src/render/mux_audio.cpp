#include "base/shell_quote.h"
#include "codec/av_log.h"
#include "container/demuxer.h"
#include "container/file_writer.h"
#include "encode/audio_stream_encoder.h"
#include "render/audio_input.h"
#include "render/copied_video.h"
#include "render/mux_placement.h"
#include "render/mux_target.h"

#include <onetake/mux.h>

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace onetake {

namespace {

constexpr int kAacFrame = 1024;
constexpr std::uint64_t kIndexPerStream = 4096;  // names and headers

class AudioMux {
 public:
    AudioMux(const std::string& video, const std::string& audio, const MuxOptions& options)
        : video_path_(video), audio_path_(audio), options_(options) {}

    Result<MuxResult> run() {
        ONETAKE_TRY(open());
        ONETAKE_TRY(open_file());
        ONETAKE_TRY(write_media());
        ONETAKE_TRY(state_->check_unchanged());
        auto file = file_->finish();
        if (!file) return fail(std::move(file).error());
        return report(std::move(*file));
    }

    Result<std::string> command() {
        if (!options_.video_timestamps.empty())
            return fail(ErrorCode::unsupported, "No ffmpeg command gives the frames of a video these timestamps.");
        ONETAKE_TRY(open());
        return ffmpeg_text();
    }

 private:
    Status open() {
        if (options_.audio_bitrate < 8000 || options_.audio_bitrate > 1'000'000)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("audio_bitrate is {}; allowed: 8000 to 1000000.", options_.audio_bitrate));
        route_av_log();
        auto state = FileState::of(video_path_);
        if (!state) return fail(std::move(state).error());
        state_.emplace(std::move(*state));
        auto demuxer = Demuxer::open(video_path_);
        if (!demuxer) return fail(std::move(demuxer).error());
        demuxer_.emplace(std::move(*demuxer));
        auto target = mux_target(video_path_, demuxer_->format(), audio_path_, options_);
        if (!target) return fail(std::move(target).error());
        target_ = std::move(*target);
        if (target_.format == ContainerFormat::avi && !options_.video_timestamps.empty())
            return fail(ErrorCode::unsupported,
                        fmt::format("{}: AVI holds only a constant frame rate, not timestamps. Write a new file with "
                                    ".mkv or .mp4.",
                                    target_.path));
        if (target_.format != ContainerFormat::avi && demuxer_->presentation_times_unknown())
            return fail(ErrorCode::unsupported,
                        fmt::format("{} does not store when its reordered frames (B-frames) are shown. Keep it an AVI.",
                                    video_path_));
        auto audio = AudioInput::open(audio_path_);
        if (!audio) return fail(std::move(audio).error());
        audio_ = std::move(*audio);
        auto video = CopiedVideo::read(video_path_);
        if (!video) return fail(std::move(video).error());
        video_.emplace(std::move(*video));
        ONETAKE_TRY(check_damage());
        auto place = place_audio(*video_, *audio_, options_);
        if (!place) return fail(std::move(place).error());
        place_ = *place;
        return {};
    }

    // A copy leaves out what can't be read, so a damaged file is not replaced by one.
    Status check_damage() {
        if (video_->damage().empty()) return {};
        auto text = fmt::format("{} is damaged, and a part of it can't be read: {}.", video_path_, video_->damage());
        std::error_code ignored;
        if (target_.replace && std::filesystem::equivalent(target_.path, video_path_, ignored))
            return fail(ErrorCode::corrupt, text + " It was not replaced; write a new file instead.");
        notes_.push_back(std::move(text));
        return {};
    }

    Status open_file() {
        MuxerOptions options;
        options.metadata = demuxer_->tags();
        options.replace = target_.replace;
        options.reserve_index_bytes = index_bytes();
        auto file = FileWriter::create(target_.path, target_.format, std::move(options));
        if (!file) return fail(std::move(file).error());
        file_.emplace(std::move(*file));
        ONETAKE_TRY(add_copied_tracks());
        AudioStreamSettings settings;
        settings.sample_rate = audio_->sample_rate();
        settings.channels = audio_->channels();
        settings.bit_rate = options_.audio_bitrate;
        settings.codec = target_.format == ContainerFormat::avi ? "pcm_s16le" : "aac";
        auto encoder = AudioStreamEncoder::open(settings);
        if (!encoder) return fail(std::move(encoder).error());
        encoder_ = std::move(*encoder);
        auto track = file_->add_track(encoder_->params());
        if (!track) return fail(std::move(track).error());
        audio_track_ = *track;
        return file_->begin();
    }

    std::uint64_t index_bytes() const {
        const auto audio_s = std::max(to_seconds(place_.audio_end.time_since_epoch()), 0.0);
        const auto packets = audio_s * audio_->sample_rate() / kAacFrame + 10;
        return estimate_index_bytes(video_->packets(), static_cast<std::uint64_t>(packets)) +
               kIndexPerStream * demuxer_->streams().size();
    }

    Status add_copied_tracks() {
        const auto& streams = demuxer_->streams();
        for (std::size_t i = 0; i < streams.size(); ++i) {
            auto params = streams[i];
            const bool main = static_cast<int>(i) == video_->stream();
            if (main) params.time_scale = video_->time_scale();
            const auto track = file_->add_track(params);
            if (!track && main) return fail(track.error());
            tracks_.push_back(track ? std::optional(*track) : std::nullopt);
            last_dts_.push_back(std::numeric_limits<std::int64_t>::min());
            if (!track)
                notes_.push_back(fmt::format("Stream {} of the video was left out: {}", i, track.error().message));
            if (track && params.kind == TrackKind::audio)
                notes_.push_back(
                    fmt::format("The video had an audio track already (stream {}); the new one comes after it.", i));
        }
        if (demuxer_->has_chapters()) notes_.emplace_back("The video's chapters were left out.");
        return {};
    }

    Status write_media() {
        const auto until = options_.shortest ? video_->packets_until(place_.video_end) : video_->packets();
        std::size_t n = 0;
        for (;;) {
            if (options_.cancel.stop_requested())
                return fail(ErrorCode::cancelled, "Adding the audio was cancelled; nothing was changed.");
            auto packet = demuxer_->next();
            if (!packet) return fail(std::move(packet).error());
            if (!*packet) break;
            if ((*packet)->stream == video_->stream()) {
                if (n >= until) continue;
                video_->take_times(n++, **packet);
            }
            ONETAKE_TRY(write_copied(std::move(**packet)));
        }
        if (n < until)
            return fail(ErrorCode::wrong_state,
                        fmt::format("{} became shorter while it was read: nothing was changed.", video_path_));
        ONETAKE_TRY(write_audio_until(MediaTime::max()));
        ONETAKE_TRY(encoder_->finish(encoded_));
        return file_->write(audio_track_, encoded_);
    }

    Status write_copied(Packet packet) {
        const auto stream = static_cast<std::size_t>(packet.stream);
        const auto track = tracks_[stream];
        if (!track || packet.pts == Packet::kNoTime) return {};
        const auto scale =
            packet.stream == video_->stream() ? video_->time_scale() : demuxer_->streams()[stream].time_scale;
        if (packet.dts == Packet::kNoTime) packet.dts = packet.pts;
        const MediaTime time(from_ticks(packet.dts, scale));
        if (packet.stream != video_->stream()) {
            if (options_.shortest && time >= place_.video_end) return {};
            // Two of a subtitle track may begin together.
            packet.dts = std::max(packet.dts, last_dts_[stream] + 1);
            packet.pts = std::max(packet.pts, packet.dts);
        }
        last_dts_[stream] = packet.dts;
        ONETAKE_TRY(write_audio_until(time));
        copied_.clear();
        copied_.push_back(std::move(packet));
        return file_->write(*track, copied_);
    }

    // Encodes audio up to a time, so that neither kind waits long for the other.
    Status write_audio_until(MediaTime time) {
        // Long silence is written in pieces: the packets of a piece are in memory together.
        constexpr Duration kSilentPiece = std::chrono::seconds(10);
        while (!audio_ended_ && encoder_->position() < time) {
            if (!run_) ONETAKE_TRY(read_run());
            if (audio_ended_) break;
            if (run_->after_gap && run_->begin - encoder_->position() > 2 * kSilentPiece) {
                ONETAKE_TRY(encode(AudioSilence{encoder_->position() + kSilentPiece}));
                continue;
            }
            ONETAKE_TRY(encode(std::move(*run_)));
            run_.reset();
        }
        return {};
    }

    // The next run with samples that belong into the file.
    Status read_run() {
        while (!run_ && !audio_ended_) {
            auto run = audio_->next();
            if (!run) return fail(std::move(run).error());
            if (!*run) {
                audio_ended_ = true;
                break;
            }
            auto& placed = **run;
            const auto shift = place_.first_sample - MediaTime{};
            placed.begin += shift;
            placed.end += shift;
            if (!cut_to(place_.audio_begin, place_.audio_end, placed)) continue;
            placed.after_gap = placed.after_gap || !std::exchange(audio_begun_, true);
            run_ = std::move(placed);
        }
        return {};
    }

    Status encode(EncoderInput input) {
        ONETAKE_TRY(encoder_->encode(std::move(input), encoded_));
        return file_->write(audio_track_, encoded_);
    }

    MuxResult report(WrittenFile file) {
        MuxResult r;
        r.path = std::move(file.path);
        r.bytes = file.bytes;
        r.delta_s = to_seconds(place_.delta);
        const auto video_track = *tracks_[static_cast<std::size_t>(video_->stream())];
        const auto& video = file.tracks[static_cast<std::size_t>(video_track)];
        r.video_frames = video.packets - (video_->packets() - video_->frames());
        r.video_s = to_seconds(video.end.time_since_epoch());
        r.audio_s = to_seconds(encoder_->position().time_since_epoch());
        r.audio_samples_lost = audio_->lost();
        r.notes = std::move(notes_);
        for (auto& text : encoder_->notes()) r.notes.push_back(std::move(text));
        for (auto& text : audio_->notes()) r.notes.push_back(std::move(text));
        for (auto& text : file.notes) r.notes.push_back(std::move(text));
        delete_audio(r);
        return r;
    }

    // What could not be deleted is a failure, but no error: the result is on disk.
    void delete_audio(MuxResult& r) {
        if (!options_.delete_audio) return;
        if (r.audio_samples_lost > 0) {
            r.notes.emplace_back("Samples of the audio could not be read, so it was kept.");
            return;
        }
        const auto removed = audio_->remove();
        r.audio_deleted = removed.has_value();
        if (!removed) r.failures.push_back(fmt::format("The audio was kept: {}", removed.error().message));
    }

    std::string ffmpeg_text() const {
        const auto begin = place_.audio_begin - MediaTime{};
        const auto place =
            place_.delta >= Duration{}
                ? fmt::format("-itsoffset {:.6f}", to_seconds(begin + place_.delta))
                : fmt::format("-itsoffset {:.6f} -ss {:.6f}", to_seconds(begin), -to_seconds(place_.delta));
        const auto audios = std::ranges::count(demuxer_->streams(), TrackKind::audio, &StreamParams::kind);
        const bool avi = target_.format == ContainerFormat::avi;
        const auto codec = avi ? fmt::format("-c:a:{} pcm_s16le", audios)
                               : fmt::format("-c:a:{0} aac -b:a:{0} {1}", audios, options_.audio_bitrate);
        const bool same = options_.overwrite_in_place;
        const auto out = same ? fmt::format("{}.muxed{}", target_.path, extension()) : target_.path;
        auto text = fmt::format("ffmpeg -i {} {} -i {} -map 0 -map 1:a:0 -c copy {}{} {}{}",
                                shell_quoted("file:" + video_path_), place, shell_quoted("file:" + audio_->wav_path()),
                                codec, options_.shortest ? " -shortest" : "", target_.replace && !same ? "-y " : "",
                                shell_quoted("file:" + out));
        if (same) text += fmt::format(" && mv {} {}", shell_quoted(out), shell_quoted(target_.path));
        return text;
    }

    std::string extension() const {
        const auto dot = target_.path.rfind('.');
        return dot == std::string::npos ? ".mp4" : target_.path.substr(dot);
    }

    const std::string video_path_, audio_path_;
    const MuxOptions& options_;
    std::optional<FileState> state_;
    std::optional<Demuxer> demuxer_;
    std::optional<CopiedVideo> video_;
    std::unique_ptr<AudioInput> audio_;
    MuxTarget target_;
    MuxPlacement place_;
    std::optional<FileWriter> file_;
    std::vector<std::optional<int>> tracks_;  // of the result, by stream of the video
    std::vector<std::int64_t> last_dts_;      // by stream of the video
    std::unique_ptr<AudioStreamEncoder> encoder_;
    int audio_track_ = -1;
    std::optional<TimedAudio> run_;  // read, not yet encoded
    bool audio_begun_ = false, audio_ended_ = false;
    std::vector<Packet> encoded_, copied_;  // reused
    std::vector<std::string> notes_;
};

}  // namespace

Result<MuxResult> mux_audio(const std::string& video, const std::string& audio, const MuxOptions& options) {
    return AudioMux(video, audio, options).run();
}

Result<std::string> ffmpeg_command(const std::string& video, const std::string& audio, const MuxOptions& options) {
    return AudioMux(video, audio, options).command();
}

std::string to_json(const MuxResult& r) {
    const nlohmann::ordered_json json{{"path", r.path},
                                      {"delta_s", r.delta_s},
                                      {"video_frames", r.video_frames},
                                      {"video_s", r.video_s},
                                      {"audio_s", r.audio_s},
                                      {"audio_samples_lost", r.audio_samples_lost},
                                      {"bytes", r.bytes},
                                      {"audio_deleted", r.audio_deleted},
                                      {"notes", r.notes},
                                      {"failures", r.failures}};
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace onetake
