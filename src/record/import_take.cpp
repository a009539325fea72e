#include "base/clock.h"
#include "base/ulid.h"
#include "inspect/stored_take.h"
#include "media/jpeg_info.h"
#include "record/take_names.h"
#include "take/decimal_time.h"
#include "take/take_writer.h"

#include <onetake/take.h>
#include <onetake/version.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>

namespace onetake {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestJpeg = std::size_t{256} << 20;
constexpr int kBlocksPerSecond = 10;  // block records of imported audio

Result<std::vector<std::string>> jpeg_names(const std::string& dir) {
    std::vector<std::string> names;
    std::error_code ec;
    auto entries = fs::directory_iterator(dir, ec);
    if (ec) return fail(file_error("Can't read the folder", dir, ec.value()));
    for (const auto& entry : entries) {
        auto extension = entry.path().extension().string();
        std::ranges::transform(extension, extension.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (extension == ".jpg" || extension == ".jpeg") names.push_back(entry.path().filename().string());
    }
    // frame2 before frame10.
    std::ranges::sort(names, [](const auto& a, const auto& b) { return ::strverscmp(a.c_str(), b.c_str()) < 0; });
    if (names.empty()) return fail(ErrorCode::not_found, fmt::format("{} holds no JPEGs (*.jpg, *.jpeg).", dir));
    return names;
}

// The time of a sample, interpolated and extrapolated from lines of (sample, time). With one line: by the label rate.
// Clamped to three times kFarthestMedia either way.
Duration sample_time(const std::vector<AudioTime>& times, std::int64_t sample, int rate) {
    constexpr auto kFarthest = static_cast<long double>(3 * kFarthestMedia.count());
    const auto later = [&](Duration t, long double ns) {
        return Duration(std::llround(std::clamp(static_cast<long double>(t.count()) + ns, -kFarthest, kFarthest)));
    };
    if (times.size() == 1)
        return later(times[0].time, static_cast<long double>(from_ticks(sample - times[0].sample, rate).count()));
    auto after = std::ranges::upper_bound(times, sample, {}, &AudioTime::sample);
    if (after == times.begin()) ++after;
    if (after == times.end()) --after;
    const auto& b = *after;
    const auto& a = *std::prev(after);
    const auto share = static_cast<long double>(sample - a.sample) / static_cast<long double>(b.sample - a.sample);
    return later(a.time, share * (static_cast<long double>(b.time.count()) - static_cast<long double>(a.time.count())));
}

StampKind stamp_kind(AudioStamps stamps) {
    switch (stamps) {
        case AudioStamps::automatic:
            return StampKind::automatic;
        case AudioStamps::capture:
            return StampKind::capture;
        case AudioStamps::arrival:
            return StampKind::arrival;
    }
    return StampKind::automatic;
}

class Import {
 public:
    explicit Import(const ImportOptions& options) : options_(options) {}

    Result<TakeResult> run() {
        auto names = TakeNames::create(options_.name, options_.data_dir);
        if (!names) return fail(std::move(names).error());
        ONETAKE_TRY(read_video());
        ONETAKE_TRY(read_audio());
        ONETAKE_TRY(place_on_host_clock());
        // The take's host clock is the other program's; the only known UTC is that of the import.
        auto clocks = read_clocks();
        clocks.host = host_time(earliest_);
        TakeWriterOptions take{options_.data_dir, names->current(), "onetake " + version()};
        take.id = new_ulid(clocks.wall);
        auto made = TakeWriter::create(take, clocks);
        while (!made && made.error().code == ErrorCode::already_exists && names->advance()) {
            take.name = names->current();
            made = TakeWriter::create(take, clocks);
        }
        if (!made) return fail(std::move(made).error());
        writer_.emplace(std::move(*made));
        auto result = write();
        if (!result) {
            // A failed import leaves no incomplete take; its sources are unchanged.
            const auto folder = writer_->folder();
            writer_.reset();
            std::error_code ignored;
            fs::remove_all(folder, ignored);
        }
        return result;
    }

 private:
    Status read_video() {
        if (options_.frames_dir.empty()) {
            if (options_.audio_path.empty())
                return fail(ErrorCode::invalid_argument, "Neither frames nor audio to import.");
            return {};
        }
        if (options_.frame_times_path.empty())
            return fail(ErrorCode::invalid_argument, "Frames need their times: a file of one decimal second per line.");
        auto names = jpeg_names(options_.frames_dir);
        if (!names) return fail(std::move(names).error());
        names_ = std::move(*names);
        auto times = read_frame_times(options_.frame_times_path);
        if (!times) return fail(std::move(times).error());
        frame_times_ = std::move(*times);
        if (names_.size() != frame_times_.size())
            return fail(
                ErrorCode::invalid_argument,
                fmt::format("{} holds {} JPEGs, but {} has {} times. Each frame needs one.", options_.frames_dir,
                            names_.size(), options_.frame_times_path, frame_times_.size()));
        return {};
    }

    Status read_audio() {
        if (options_.audio_path.empty()) return {};
        if (options_.audio_times_path.empty())
            return fail(ErrorCode::invalid_argument, "Audio needs its times: a file of lines `sample_index seconds`.");
        auto wav = WavReader::open(options_.audio_path);
        if (!wav) return fail(std::move(wav).error());
        wav_.emplace(std::move(*wav));
        auto times = read_audio_times(options_.audio_times_path);
        if (!times) return fail(std::move(times).error());
        audio_times_ = std::move(*times);
        if (audio_times_.back().sample > wav_->frames())
            return fail(ErrorCode::invalid_argument,
                        fmt::format("{} names sample {}, but {} has {} samples.", options_.audio_times_path,
                                    audio_times_.back().sample, options_.audio_path, wav_->frames()));
        return {};
    }

    // Stamps of a take are not negative and at most kFarthestMedia. The other program's clock may have any origin;
    // times outside of that range are shifted.
    Status place_on_host_clock() {
        Duration latest = Duration::min();
        const auto cover = [&](Duration t) {
            earliest_ = std::min(earliest_, t);
            latest = std::max(latest, t);
        };
        if (!frame_times_.empty()) {
            cover(frame_times_.front());
            cover(frame_times_.back());
        }
        if (wav_) {
            cover(sample_time(audio_times_, 0, wav_->sample_rate()));
            cover(sample_time(audio_times_, wav_->frames(), wav_->sample_rate()));
        }
        if (earliest_ < Duration{} || latest > kFarthestMedia) {
            // By full seconds, so that the fraction stays.
            if (to_seconds(latest) - to_seconds(earliest_) > to_seconds(kFarthestMedia))
                return fail(ErrorCode::invalid_argument,
                            fmt::format("The times to import, from {:.3f} to {:.3f} s, are too far apart for one take.",
                                        to_seconds(earliest_), to_seconds(latest)));
            shift_ = -std::chrono::floor<std::chrono::seconds>(earliest_);
        }
        return {};
    }

    Result<TakeResult> write() {
        ONETAKE_TRY(write_tracks());
        ONETAKE_TRY(write_media());
        Metrics m;
        m.encoder = "untouched";
        m.duration_s = end_ > begin_ ? to_seconds(end_ - begin_) : 0;
        m.frames = names_.size();
        if (!names_.empty()) {
            m.counters.push_back({"v1", "video", names_.size(), names_.size(), 0, 0, 0, 0});
            m.stamp_source = to_string(StampSource::pushed);
            m.video_mb = static_cast<double>(bytes_) / 1e6;
            if (m.duration_s > 0) m.video_mbps = m.video_mb * 8 / m.duration_s;
            if (names_.size() > 1)
                m.effective_fps =
                    static_cast<double>(names_.size() - 1) / to_seconds(frame_times_.back() - frame_times_.front());
        }
        if (wav_) {
            m.audio_enabled = true;
            m.audio_samples = static_cast<std::uint64_t>(wav_->frames());
            m.audio_stamp_source = to_string(StampSource::pushed);
            m.counters.push_back({"a1", "audio", m.audio_samples, m.audio_samples, 0, 0, 0, 0});
        }
        if (shift_ != Duration{})
            m.notes.push_back(
                fmt::format("Times were shifted by {:.0f} s, as stamps are neither negative nor over 95 years.",
                            to_seconds(shift_)));
        EndRecord end;
        end.time = end_;
        end.reason = "imported";
        end.duration_s = m.duration_s;
        ONETAKE_TRY(writer_->finish(end, m));
        ONETAKE_TRY(writer_->sync_all());

        TakeResult result;
        result.name = writer_->name();
        result.id = writer_->id();
        result.frames_dir = writer_->frames_dir();
        result.wav_path = writer_->wav_path();
        result.manifest_path = writer_->manifest_path();
        result.metrics = std::move(m);
        return result;
    }

    Status write_tracks() {
        if (!names_.empty()) {
            auto jpeg = load(names_.front());
            if (!jpeg) return fail(std::move(jpeg).error());
            VideoDescription v;
            v.device = kImportDevice;
            v.name = options_.frames_dir;
            v.width = jpeg->width;
            v.height = jpeg->height;
            auto track = writer_->add_video_track(v);
            if (!track) return fail(std::move(track).error());
            video_ = *track;
        }
        if (wav_) {
            AudioDescription a;
            a.device = kImportDevice;
            a.name = options_.audio_path;
            a.sample_rate = wav_->sample_rate();
            a.channels = wav_->channels();
            a.blocksize = wav_->sample_rate() / kBlocksPerSecond;
            a.stamps = stamp_kind(options_.audio_stamps);
            auto track = writer_->add_audio_track(a);
            if (!track) return fail(std::move(track).error());
            audio_ = *track;
        }
        return {};
    }

    // Frames and blocks in order of time, as a recording writes them.
    Status write_media() {
        std::size_t frame = 0;
        std::int64_t sample = 0;
        std::size_t next_line = 0;
        const auto samples = wav_ ? wav_->frames() : 0;
        std::vector<std::int16_t> buffer;
        begin_ = HostTime::max();
        end_ = HostTime::min();
        while (frame < names_.size() || sample < samples) {
            if (options_.cancel.stop_requested())
                return fail(ErrorCode::cancelled, "The import was cancelled; its take was removed.");
            const auto block_time = sample < samples ? time_of_sample(sample) : HostTime::max();
            if (frame < names_.size() && host_time(frame_times_[frame]) <= block_time) {
                ONETAKE_TRY(write_frame(frame++));
                continue;
            }
            // A block ends at the sample of the next line, so that each line's time is stored as a block's stamp,
            // exactly.
            while (next_line < audio_times_.size() && audio_times_[next_line].sample <= sample) ++next_line;
            auto count = std::min<std::int64_t>(wav_->sample_rate() / kBlocksPerSecond, samples - sample);
            if (next_line < audio_times_.size()) count = std::min(count, audio_times_[next_line].sample - sample);
            ONETAKE_TRY(wav_->read(sample, count, buffer));
            AudioBlock block;
            block.samples = buffer;
            block.channels = wav_->channels();
            block.time = block.arrival = block_time;
            block.source = StampSource::pushed;
            ONETAKE_TRY(writer_->write_block(audio_, block));
            cover(block_time, time_of_sample(sample + count));
            sample += count;
        }
        return {};
    }

    struct Jpeg {
        int width = 0, height = 0;
        std::string* bytes = nullptr;
    };
    Result<Jpeg> load(const std::string& name) {
        const auto path = fmt::format("{}/{}", options_.frames_dir, name);
        ONETAKE_TRY(read_file_into(AT_FDCWD, path, kLargestJpeg, jpeg_));
        const auto info = inspect_jpeg({reinterpret_cast<const std::uint8_t*>(jpeg_.data()), jpeg_.size()});
        if (!info) return fail(ErrorCode::corrupt, fmt::format("{}: {}", path, info.error().message));
        return Jpeg{info->width, info->height, &jpeg_};
    }

    Status write_frame(std::size_t index) {
        auto jpeg = load(names_[index]);
        if (!jpeg) return fail(std::move(jpeg).error());
        const auto time = host_time(frame_times_[index]);
        cover(time, time);
        bytes_ += jpeg_.size();
        return writer_->write_frame(video_, {reinterpret_cast<const std::uint8_t*>(jpeg_.data()), jpeg_.size()},
                                    {time, time, StampSource::pushed, {}});
    }

    HostTime host_time(Duration t) const { return HostTime(t + shift_); }
    HostTime time_of_sample(std::int64_t sample) const {
        return host_time(sample_time(audio_times_, sample, wav_->sample_rate()));
    }
    void cover(HostTime begin, HostTime end) {
        begin_ = std::min(begin_, begin);
        end_ = std::max(end_, end);
    }

    const ImportOptions& options_;
    std::vector<std::string> names_;
    std::vector<Duration> frame_times_;
    std::optional<WavReader> wav_;
    std::vector<AudioTime> audio_times_;
    Duration earliest_ = Duration::max();  ///< other program's clock
    Duration shift_{};
    std::optional<TakeWriter> writer_;
    TrackId video_, audio_;
    std::string jpeg_;  // reused
    std::uint64_t bytes_ = 0;
    HostTime begin_, end_;
};

}  // namespace

Result<TakeResult> import_take(const ImportOptions& options) {
    return Import(options).run();
}

}  // namespace onetake
