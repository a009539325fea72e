#include "render/audio_input.h"

#include "base/bounded_queue.h"
#include "render/media_reader.h"
#include "take/journal_reader.h"
#include "take/take_source.h"
#include "take/wav.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;
constexpr TrackId kAudio{TrackKind::audio, 1};
constexpr std::size_t kRunsAhead = 8;

Status remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0) return fail(file_error("Can't delete", path, errno));
    return {};
}

class WavInput final : public AudioInput {
 public:
    explicit WavInput(WavReader wav) : wav_(std::move(wav)) {
        wav_path_ = wav_.path();
        sample_rate_ = wav_.sample_rate();
        channels_ = wav_.channels();
        frames_ = wav_.frames();
        length_ = from_ticks(frames_, sample_rate_);
    }

    Result<std::optional<TimedAudio>> next() override {
        if (at_ >= frames_) return std::nullopt;
        const auto count = std::min<std::int64_t>(frames_ - at_, sample_rate_);
        TimedAudio run;
        ONETAKE_TRY(wav_.read(at_, count, run.samples));
        const auto have = static_cast<std::int64_t>(run.samples.size()) / channels_;
        if (have < count)
            return fail(ErrorCode::corrupt, fmt::format("{} became shorter while it was read.", wav_path_));
        run.channels = channels_;
        run.begin = MediaTime(from_ticks(at_, sample_rate_));
        run.end = MediaTime(from_ticks(at_ + count, sample_rate_));
        run.after_gap = at_ == 0;
        at_ += count;
        return run;
    }

    Status remove() override { return remove_file(wav_path_); }

 private:
    WavReader wav_;
    std::int64_t frames_ = 0, at_ = 0;
};

class TakeInput final : public AudioInput {
 public:
    explicit TakeInput(std::string folder) : folder_(std::move(folder)) {}
    TakeInput(const TakeInput&) = delete;
    TakeInput& operator=(const TakeInput&) = delete;
    ~TakeInput() override {
        runs_.close();
        if (reading_.joinable()) reading_.join();
    }

    Status open() {
        ONETAKE_TRY(read_journal());
        ONETAKE_TRY(find_length());
        MediaReaderOptions options;
        options.take_folder = folder_;
        options.copy = true;
        options.audio_only = true;
        auto reader = MediaReader::open(std::move(options));
        if (!reader) return fail(std::move(reader).error());
        reader_ = std::move(*reader);
        const auto* wav = reader_->wav(kAudio);
        if (wav == nullptr)
            return fail(ErrorCode::corrupt,
                        fmt::format("The audio of {} can't be read; `onetake check` lists what is missing.", folder_));
        wav_path_ = wav->path();
        sample_rate_ = wav->sample_rate();
        channels_ = wav->channels();
        reader_->map_audio(kAudio, 0);
        to_first_sample_ = reader_->origin() - *begin_;
        return {};
    }

    Result<std::optional<TimedAudio>> next() override {
        if (done_) return std::nullopt;
        if (!reading_.joinable())
            reading_ = std::thread([this] {
                read_ = reader_->run(runs_);
                runs_.close();
            });
        auto item = runs_.pop();
        while (item && !std::holds_alternative<PlacedAudio>(*item)) item = runs_.pop();
        if (!item) {
            reading_.join();
            done_ = true;
            if (!read_) return fail(read_.error());
            return std::nullopt;
        }
        auto run = std::move(std::get<PlacedAudio>(*item).run);
        run.begin += to_first_sample_;
        run.end += to_first_sample_;
        return run;
    }

    std::uint64_t lost() const override {
        for (const auto& loss : reader_->losses())
            if (loss.track == kAudio) return loss.lost;
        return 0;
    }
    std::vector<std::string> notes() override { return reader_->take_notes(); }

    Status remove() override {
        // Any track may have begun later than this one.
        const auto take = count_take(folder_);
        if (!take) return fail(take.error());
        std::string others;
        for (const auto& track : take->tracks)
            if (track.record.track != kAudio) others += (others.empty() ? "" : ", ") + to_string(track.record.track);
        if (!others.empty())
            return fail(
                ErrorCode::refused,
                fmt::format("{} has other tracks, too ({}), and is kept. Delete it yourself.", folder_, others));
        // Its WAV may have a second name beside it (SidecarAudio).
        const auto second = folder_ + ".wav";
        std::error_code ec;
        if (fs::is_symlink(second, ec) && fs::equivalent(second, wav_path_, ec)) ONETAKE_TRY(remove_file(second));
        fs::remove_all(folder_, ec);
        if (ec) return fail(file_error("Can't delete", folder_, ec.value()));
        return {};
    }

 private:
    Status read_journal() {
        auto journal = JournalReader::open(folder_);
        if (!journal) return fail(std::move(journal).error());
        if (journal->being_written())
            return fail(ErrorCode::wrong_state,
                        fmt::format("{} is being recorded. Stop the recording first.", folder_));
        for (;;) {
            const auto record = journal->next();
            if (!record) return fail(record.error());
            if (!*record) break;
            const auto* block = std::get_if<BlockRecord>(&**record);
            if (block && block->track == kAudio) {
                first_stamp_ = block->time;
                break;
            }
        }
        if (!first_stamp_) return fail(ErrorCode::not_found, fmt::format("The take {} has no audio.", folder_));
        return {};
    }

    Status find_length() {
        auto source = TakeSource::open(folder_);
        if (!source) return fail(std::move(source).error());
        std::optional<HostTime> end;
        for (;;) {
            const auto event = source->next();
            if (!event) return fail(event.error());
            if (!*event) break;
            const auto* stored = std::get_if<StoredAudio>(&**event);
            if (!stored || stored->track != kAudio) continue;
            if (!begin_) begin_ = stored->span.begin;
            end = stored->span.end;
        }
        if (!begin_) return fail(ErrorCode::not_found, fmt::format("The take {} has no audio.", folder_));
        length_ = *end - *begin_;
        stamp_error_ = *begin_ - *first_stamp_;
        *begin_ += source->audio_shift(kAudio, Duration{});
        return {};
    }

    std::string folder_;
    std::optional<HostTime> first_stamp_;
    std::unique_ptr<MediaReader> reader_;
    Duration to_first_sample_{};
    BoundedQueue<RenderItem> runs_{kRunsAhead};
    Status read_;  // the reading thread's; after it has ended
    std::thread reading_;
    bool done_ = false;
};

// The take that a path names: its folder, or its WAV by any name. Empty for other files.
std::string take_of(const std::string& path) {
    std::error_code ec;
    if (fs::is_directory(path, ec)) {
        auto folder = path;
        while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
        return folder;
    }
    const auto file = fs::canonical(path, ec);
    if (ec || file.filename() != track_path(kAudio) || !fs::exists(file.parent_path() / kJournalName, ec)) return {};
    return file.parent_path().string();
}

}  // namespace

Result<std::unique_ptr<AudioInput>> AudioInput::open(const std::string& path) {
    if (auto folder = take_of(path); !folder.empty()) {
        auto take = std::make_unique<TakeInput>(std::move(folder));
        ONETAKE_TRY(take->open());
        return take;
    }
    std::error_code ec;
    const auto file = fs::canonical(path, ec);  // follows links, which WavReader does not
    if (ec) return fail(file_error("Can't open", path, ec.value()));
    auto wav = WavReader::open(file.string());
    if (!wav) return fail(std::move(wav).error());
    if (wav->frames() == 0) return fail(ErrorCode::not_found, fmt::format("{} has no samples.", path));
    return std::make_unique<WavInput>(std::move(*wav));
}

}  // namespace onetake
