#include "base/clock.h"
#include "base/error.h"
#include "base/shell_quote.h"
#include "base/ulid.h"
#include "capture/bounded_call.h"
#include "take/journal_reader.h"
#include "take/take_files.h"

#include <onetake/recorder.h>
#include <onetake/sidecar.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <stop_token>
#include <unistd.h>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Duration kFirstSampleTimeout = 2s;
constexpr Duration kPollInterval = 5ms;
// To close and remove a take in which no sample arrived; a driver that hangs needs longer, and is not waited for.
constexpr Duration kCleanUpTimeout = 200ms;

/// One recording, on a thread that may outlive its SidecarAudio if a driver hangs.
struct SidecarRecording {
    SidecarRecording(AVRecorder with, std::string take_name, std::string take_folder)
        : recorder(std::move(with)), name(std::move(take_name)), folder(std::move(take_folder)) {}

    void run() {
        StartOptions options;
        options.name = name;
        options.make_mp4 = options.enhance = false;
        result = recorder.record(std::numeric_limits<double>::infinity(), options, stop.get_token());
        const bool empty = result && result->metrics.audio_samples == 0;
        if (!empty && !given_up) return;
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }

    AVRecorder recorder;
    const std::string name, folder;
    std::stop_source stop;
    std::atomic<bool> given_up{false};  ///< start() has failed: what comes later is removed
    Result<TakeResult> result;          ///< after run() has returned
};

RecorderConfig recorder_config(const SidecarConfig& c) {
    RecorderConfig config;
    config.video.clear();
    config.audio = {c.microphone};
    config.store.fsync = c.fsync;
    config.instant_mp4 = false;
    config.data_dir = c.data_dir;
    return config;
}

}  // namespace

class SidecarAudio::Impl {
 public:
    explicit Impl(SidecarConfig config) : config_(std::move(config)) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        if (recording_) (void)stop();
    }

    Result<SidecarStart> start() {
        if (recording_)
            return fail(ErrorCode::wrong_state, "start() while audio is being recorded. Call stop() first.");
        const auto deadline = host_now() + kFirstSampleTimeout;
        std::error_code ec;
        const auto data_dir = fs::absolute(config_.data_dir, ec).string();
        if (ec) return fail(file_error("Can't find the folder", config_.data_dir, ec.value()));
        const auto name = fmt::format("{}_aud_{}", config_.feed, new_ulid(read_clocks().wall));
        auto config = recorder_config(config_);
        config.data_dir = data_dir;
        auto recorder = AVRecorder::create(std::move(config));
        if (!recorder) return fail(std::move(recorder).error());
        started_ = {};
        recording_ = std::make_shared<SidecarRecording>(std::move(*recorder), name, take_folder(data_dir, name));
        call_.emplace(BoundedCall::begin([recording = recording_] { recording->run(); }));
        auto first = wait_for_first_sample(deadline);
        if (!first) {
            recording_->given_up = true;
            recording_->stop.request_stop();
            (void)call_->wait_until(host_now() + kCleanUpTimeout);
            call_.reset();
            recording_.reset();
            return fail(std::move(first).error());
        }
        SidecarStart start;
        start.audio_start = to_seconds(first->time_since_epoch());
        const auto clocks = read_clocks();
        start.audio_start_unix = to_seconds(clocks.wall.time_since_epoch() + (*first - clocks.host));
        start.take = recording_->folder;
        start.wav_path = name_wav();
        started_ = start;
        return start;
    }

    Result<TakeResult> stop() {
        if (!recording_) return fail(ErrorCode::wrong_state, "stop() without a recording. Call start() first.");
        recording_->stop.request_stop();
        while (!call_->wait_until(host_now() + 1min)) {
        }
        call_.reset();
        return std::move(std::exchange(recording_, nullptr)->result);
    }

    bool is_recording() const { return recording_ != nullptr; }
    bool ended_early() const { return call_ && call_->returned(); }

    Result<MuxResult> mux(const std::string& video, double video_start, MuxOptions options) const {
        if (recording_) return fail(ErrorCode::wrong_state, "mux() while audio is being recorded. Call stop() first.");
        if (!started_)
            return fail(ErrorCode::wrong_state, "mux() without recorded audio. Call start() and stop() first.");
        options.video_start = video_start;
        return mux_audio(video, started_->take, options);
    }

    std::string mux_command() const {
        if (!started_) return {};
        return fmt::format("onetake mux VIDEO --audio {} --audio-start {:.9f} --video-start VIDEO_START --in-place",
                           shell_quoted(started_->take), started_->audio_start);
    }

 private:
    // Follows the journal until it has the record of a block.
    Result<HostTime> wait_for_first_sample(HostTime deadline) {
        std::optional<JournalReader> journal;
        auto microphone = config_.microphone.device.empty() ? std::string("default") : config_.microphone.device;
        for (;;) {
            const bool ended = call_->wait_until(std::min(deadline, host_now() + kPollInterval));
            if (ended) {
                if (!recording_->result) return fail(recording_->result.error());
                return fail(ErrorCode::io, fmt::format("The audio recording ended before its first sample: {}",
                                                       recording_->result->metrics.ended_early));
            }
            if (!journal)
                if (auto opened = JournalReader::open(recording_->folder)) journal.emplace(std::move(*opened));
            while (journal) {
                const auto record = journal->next();
                if (!record) return fail(record.error());
                if (!*record) break;
                if (const auto* track = std::get_if<TrackRecord>(&**record)) microphone = track->audio.name;
                if (const auto* block = std::get_if<BlockRecord>(&**record)) return block->time;
            }
            if (host_now() >= deadline)
                return fail(
                    ErrorCode::timed_out,
                    fmt::format("Microphone '{}' delivered no sample within {} s. Nothing was recorded: check its "
                                "plug, and with `onetake devices` whether it is there.",
                                microphone,
                                std::chrono::duration_cast<std::chrono::seconds>(kFirstSampleTimeout).count()));
        }
    }

    // Gives the growing WAV its second name, a symbolic link. A file system without links leaves the one in the take.
    std::string name_wav() const {
        const auto wav = track_path({TrackKind::audio, 1});
        const auto target = recording_->name + "/" + wav;
        auto named = recording_->folder + ".wav";
        return ::symlink(target.c_str(), named.c_str()) == 0 ? named : recording_->folder + "/" + wav;
    }

    const SidecarConfig config_;
    std::shared_ptr<SidecarRecording> recording_;  // while recording
    mutable std::optional<BoundedCall> call_;
    std::optional<SidecarStart> started_;  // of the last recording
};

SidecarAudio::SidecarAudio(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SidecarAudio::SidecarAudio(SidecarAudio&&) noexcept = default;
SidecarAudio& SidecarAudio::operator=(SidecarAudio&&) noexcept = default;
SidecarAudio::~SidecarAudio() = default;

Result<SidecarAudio> SidecarAudio::create(SidecarConfig config) {
    if (config.microphone.source == SourceKind::external)
        return fail(ErrorCode::invalid_argument,
                    "source is external; allowed: device, test. Nothing can be pushed here.");
    ONETAKE_TRY(validate(recorder_config(config)));
    ONETAKE_TRY(check_take_name(config.feed + "_aud_" + new_ulid({})));
    return SidecarAudio(std::make_unique<Impl>(std::move(config)));
}

Result<SidecarStart> SidecarAudio::start() {
    return impl_->start();
}
Result<TakeResult> SidecarAudio::stop() {
    return impl_->stop();
}
bool SidecarAudio::is_recording() const {
    return impl_->is_recording();
}
bool SidecarAudio::ended_early() const {
    return impl_->ended_early();
}

MuxOptions SidecarAudio::in_place() {
    MuxOptions options;
    options.delete_audio = true;
    return options;
}

Result<MuxResult> SidecarAudio::mux(const std::string& video, double video_start, const MuxOptions& options) {
    return impl_->mux(video, video_start, options);
}
std::string SidecarAudio::mux_command() const {
    return impl_->mux_command();
}

}  // namespace onetake
