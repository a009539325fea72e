#include "record/recording.h"

#include "base/clock.h"
#include "capture/stop_together.h"
#include "capture/test_source.h"
#include "portaudio/microphone.h"
#include "record/config.h"
#include "sync/calibration.h"
#include "v4l2/v4l2_camera.h"

#include <onetake/version.h>

#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace onetake {

namespace {

constexpr Duration kFirstFrameTimeout = std::chrono::seconds(5);

double peak_memory_mb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

V4l2CameraOptions camera_options(const RecorderConfig& c, const std::string& device) {
    V4l2CameraOptions o;
    o.device = device;
    o.width = c.width;
    o.height = c.height;
    o.fps = c.fps;
    o.fourcc = c.fourcc;
    o.buffersize = c.buffersize;
    o.controls = c.v4l2_controls;
    o.warmup = c.warmup;
    return o;
}

MicrophoneOptions microphone_options(const RecorderConfig& c, const std::string& device) {
    MicrophoneOptions o;
    o.device = device;
    o.sample_rate = c.sample_rate;
    o.channels = c.channels;
    o.blocksize = c.blocksize;
    return o;
}

template <class T>
std::vector<T> first_and_more(const T& first, const std::vector<T>& more) {
    std::vector<T> all{first};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

tl::unexpected<Error> refuse_after_end() {
    return fail(ErrorCode::no_space,
                "The disk is full or can't be written; media pushed from now on are counted as lost. Call stop().");
}

}  // namespace

Result<std::unique_ptr<Recording>> Recording::start(const RecorderConfig& config, const std::string& asked_name) {
    const auto name = asked_name.empty() ? local_name(read_clocks().wall) : asked_name;
    ONETAKE_TRY(check_take_name(name));
    // Checked before any device is opened; the sink's mkdir() checks it again without a race.
    struct stat st {};
    if (const auto folder = take_folder(config.data_dir, name); ::lstat(folder.c_str(), &st) == 0)
        return fail(ErrorCode::already_exists,
                    fmt::format("The take {} exists already. Nothing is overwritten: choose another name.", folder));

    std::unique_ptr<Recording> recording(new Recording(config));
    switch (config.source) {
        case SourceKind::device:
            ONETAKE_TRY(recording->open_devices());
            break;
        case SourceKind::test:
            ONETAKE_TRY(recording->open_test_source());
            break;
        case SourceKind::external:
            recording->describe_pushed();
            break;
    }
    auto status = recording->open_sink(name);
    if (status) status = recording->start_sources();
    if (!status) {
        if (!recording->sink_) return fail(std::move(status).error());
        // Nothing was recorded: remove the empty take.
        recording->stop_sources();
        recording->finished_ = true;
        const auto folder = recording->sink_->take().folder();
        recording->sink_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
        return fail(std::move(status).error());
    }
    return recording;
}

Recording::Recording(const RecorderConfig& config)
    : config_(config), ended_early_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Recording::~Recording() {
    if (finished_ || !sink_) return;
    end_capture();
    (void)close();
}

Status Recording::open_devices() {
    if (config_.video) {
        for (const auto& device : first_and_more(config_.video_device, config_.more_video_devices)) {
            auto camera = V4l2Camera::open(camera_options(config_, device));
            if (!camera) return fail(std::move(camera).error());
            video_descriptions_.push_back((*camera)->description());
            cameras_.push_back(std::move(*camera));
        }
    }
    if (config_.audio) {
        for (const auto& device : first_and_more(config_.audio_device, config_.more_audio_devices)) {
            auto microphone = Microphone::open(microphone_options(config_, device));
            if (!microphone) {
                if (!config_.video) return fail(std::move(microphone).error());
                notes_.push_back(fmt::format("Recorded without this microphone: {}", microphone.error().message));
                continue;
            }
            audio_descriptions_.push_back((*microphone)->description());
            microphones_.push_back(std::move(*microphone));
        }
    }
    return {};
}

Status Recording::open_test_source() {
    const TestScene scene{host_now(), config_.fps};
    const auto tracks = [](const std::vector<std::string>& more) { return 1 + more.size(); };
    if (config_.video) {
        for (std::size_t i = 0; i < tracks(config_.more_video_devices); ++i) {
            auto camera = TestCamera::open(scene, {config_.width, config_.height}, clock_);
            if (!camera) return fail(std::move(camera).error());
            video_descriptions_.push_back((*camera)->description());
            cameras_.push_back(std::move(*camera));
        }
    }
    if (config_.audio) {
        for (std::size_t i = 0; i < tracks(config_.more_audio_devices); ++i) {
            auto microphone =
                TestMicrophone::open(scene, {config_.sample_rate, config_.channels, config_.blocksize, 0}, clock_);
            if (!microphone) return fail(std::move(microphone).error());
            audio_descriptions_.push_back((*microphone)->description());
            microphones_.push_back(std::move(*microphone));
        }
    }
    return {};
}

void Recording::describe_pushed() {
    const auto describe = [&](const std::string& label) {
        VideoDescription v;
        v.device = "external";
        v.name = label;
        v.fps = config_.fps;
        return v;
    };
    if (config_.video)
        for (const auto& label : first_and_more(std::string(), config_.more_video_devices))
            video_descriptions_.push_back(describe(label));
    if (config_.audio) {
        for (const auto& label : first_and_more(std::string(), config_.more_audio_devices)) {
            AudioDescription a;
            a.device = "external";
            a.name = label;
            a.sample_rate = config_.sample_rate;
            a.channels = config_.channels;
            a.blocksize = config_.blocksize;
            audio_descriptions_.push_back(std::move(a));
        }
    }
}

Status Recording::open_sink(const std::string& name) {
    TakeSinkOptions options;
    options.writer = {config_.data_dir, name, "onetake " + version(), config_json(config_), config_.fsync};
    options.jpeg = {config_.quality, config_.subsample, config_.progressive};
    options.workers = config_.workers;
    options.queue_size = config_.queue_size;
    options.on_full = config_.on_full;
    options.on_ended_early = [this] {
        const std::uint64_t one = 1;
        (void)!::write(ended_early_.get(), &one, sizeof one);
    };
    auto sink = TakeSink::create(options);
    if (!sink) return fail(std::move(sink).error());
    sink_ = std::move(*sink);
    for (auto& text : notes_) sink_->note(std::move(text));

    start_barrier_ = std::make_unique<StartBarrier>(static_cast<int>(cameras_.size()));
    // A camera's JPEGs are re-encoded unless convert_rgb is false; pushed JPEGs never are.
    const bool transcode = config_.convert_rgb && config_.source == SourceKind::device;
    for (const auto& description : video_descriptions_) {
        auto input = sink_->add_video(description, transcode);
        if (!input) return fail(std::move(input).error());
        if (cameras_.empty())
            pushed_videos_.push_back(std::make_unique<PushedVideo>(**input));
        else
            video_receivers_.push_back(std::make_unique<BarrierVideoReceiver>(**input, *start_barrier_));
    }
    for (const auto& description : audio_descriptions_) {
        auto input = sink_->add_audio(description);
        if (!input) return fail(std::move(input).error());
        if (microphones_.empty())
            pushed_audios_.push_back(std::make_unique<PushedAudio>(**input));
        else
            audio_receivers_.push_back(std::make_unique<BarrierAudioReceiver>(**input, *start_barrier_));
    }
    ONETAKE_TRY(write_offsets());
    return sink_->start();
}

Status Recording::write_offsets() {
    if (video_descriptions_.empty()) return {};
    const TrackId video{TrackKind::video, 1};
    const auto configured = duration_from_seconds(-config_.latency_offset_ms * 1e-3);
    const auto store = CalibrationStore::of_user();
    for (std::size_t i = 0; i < audio_descriptions_.size(); ++i) {
        const TrackId audio{TrackKind::audio, static_cast<int>(i) + 1};
        if (configured != Duration{}) ONETAKE_TRY(sink_->add_offset({video, audio, configured, "configured"}));
        const auto key = calibration_key(video_descriptions_.front(), audio_descriptions_[i]);
        if (!config_.calibration || !store || key.camera.empty() || key.microphone.empty()) continue;
        const auto found = store->find(key);
        if (!found)
            sink_->note(fmt::format("Recorded without the measured offset: {}", found.error().message));
        else if (*found)
            ONETAKE_TRY(sink_->add_offset({video, audio, (*found)->offset, "calibration"}));
    }
    return {};
}

Status Recording::start_sources() {
    for (std::size_t i = 0; i < microphones_.size(); ++i)
        if (auto status = microphones_[i]->start(*audio_receivers_[i]); !status) {
            if (cameras_.empty()) return status;
            sink_->note(fmt::format("Recorded without this microphone: {}", status.error().message));
        }
    for (std::size_t i = 0; i < cameras_.size(); ++i) ONETAKE_TRY(cameras_[i]->start(*video_receivers_[i]));
    if (!cameras_.empty() && !start_barrier_->wait_for(kFirstFrameTimeout)) {
        sink_->note(fmt::format("A camera delivered no frame within {} s of its start; recording goes on.",
                                std::chrono::duration_cast<std::chrono::seconds>(kFirstFrameTimeout).count()));
        start_barrier_->open();
    }
    start_ = progress_time_ = host_now();
    return {};
}

void Recording::stop_sources() {
    stop_together(cameras_, microphones_);
}

void Recording::end_capture() {
    finished_ = true;
    end_ = host_now();
    stop_sources();
    sink_->drain();
}

bool Recording::has_media() const {
    const auto counts = sink_->counts();
    return counts.frames + counts.audio_bytes > 0;
}

Result<TakeResult> Recording::close() {
    TakeResult result;
    auto& m = result.metrics;
    m = sink_->metrics();
    m.duration_s = to_seconds(length());
    if (!cameras_.empty()) m.grab_ms_mean = cameras_.front()->grab_ms_mean();
    if (m.duration_s > 0) m.video_mbps = m.video_mb * 8 / m.duration_s;
    m.disk_bytes_left = sink_->take().room_left().value_or(DiskRoom{}).bytes;
    m.peak_memory_mb = peak_memory_mb();
    if (!m.balanced())
        m.notes.push_back("The counters don't add up: frames are unaccounted for. This is a bug; please report it.");
    if (config_.video && m.frames == 0) m.notes.push_back("No frame was recorded.");
    if (config_.audio && m.audio_enabled && m.audio_samples == 0) m.notes.push_back("No audio was recorded.");

    const auto& take = sink_->take();
    result.name = take.name();
    result.frames_dir = take.frames_dir();
    result.wav_path = take.wav_path();
    if (auto status = sink_->close(m); !status) {
        if (status.error().code == ErrorCode::internal) return fail(std::move(status).error());
        if (take.folder_deleted())
            return fail(ErrorCode::io, fmt::format("Nothing of the take is left: {}",
                                                   m.ended_early.empty() ? status.error().message : m.ended_early));
        const auto text =
            take.journal_deleted()
                ? fmt::format("The take's journal was deleted; the timestamps of the media in {} are lost.",
                              take.folder())
                : fmt::format("The take could not be closed ({}); `onetake recover {}` repairs it.",
                              status.error().message, take.name());
        m.notes.push_back(text);
        if (m.ended_early.empty()) m.ended_early = text;
    }
    if (struct stat st{}; ::stat(take.manifest_path().c_str(), &st) == 0) result.manifest_path = take.manifest_path();
    return result;
}

Status Recording::push(Frame frame, std::optional<double> t, int track) {
    if (track < 0 || static_cast<std::size_t>(track) >= pushed_videos_.size())
        return fail(ErrorCode::refused,
                    fmt::format("There is no pushed video track {}; this take has {}.", track, pushed_videos_.size()));
    auto& video = *pushed_videos_[static_cast<std::size_t>(track)];
    MutexLock lock(video.mutex);
    if (video.width != 0 && (frame.width != video.width || frame.height != video.height))
        return fail(ErrorCode::refused, fmt::format("The pushed frame has {}x{} pixels, the take's first had {}x{}.",
                                                    frame.width, frame.height, video.width, video.height));
    const auto now = host_now();
    const auto stamp = video.validator.check(t, now, now);
    if (!stamp) return fail(stamp.error());
    const int width = frame.width, height = frame.height;
    frame.stamp = {stamp->time, now, stamp->source, {}};
    const auto delivery = video.input->offer(std::move(frame));
    if (delivery == Delivery::take_ended) return refuse_after_end();
    if (delivery == Delivery::damaged)
        return fail(ErrorCode::refused, "The take is being stopped; the frame was not stored.");
    video.validator.accept(*stamp);
    video.width = width;
    video.height = height;
    return {};
}

Status Recording::push(AudioBlock block, std::optional<double> t, int track) {
    if (track < 0 || static_cast<std::size_t>(track) >= pushed_audios_.size())
        return fail(ErrorCode::refused,
                    fmt::format("There is no pushed audio track {}; this take has {}.", track, pushed_audios_.size()));
    auto& audio = *pushed_audios_[static_cast<std::size_t>(track)];
    MutexLock lock(audio.mutex);
    const auto now = host_now();
    // A block that arrives now began its own length earlier.
    const auto stamp = audio.validator.check(t, now - from_ticks(block.frames(), config_.sample_rate), now);
    if (!stamp) return fail(stamp.error());
    block.time = stamp->time;
    block.arrival = now;
    block.source = stamp->source;
    if (audio.input->offer(std::move(block)) == Delivery::take_ended) return refuse_after_end();
    audio.validator.accept(*stamp);
    return {};
}

Result<Buffer> Recording::buffer(std::size_t bytes, int track) {
    if (track < 0 || static_cast<std::size_t>(track) >= pushed_videos_.size())
        return fail(ErrorCode::refused,
                    fmt::format("There is no pushed video track {}; this take has {}.", track, pushed_videos_.size()));
    return pushed_videos_[static_cast<std::size_t>(track)]->input->buffer(bytes);
}

Progress Recording::progress() {
    const auto counts = sink_->counts();
    const auto now = host_now();
    const double since = to_seconds(now - progress_time_);
    if (since >= 1) {
        const auto bytes = counts.video_bytes + counts.audio_bytes;
        progress_fps_ = static_cast<double>(counts.frames - progress_frames_) / since;
        progress_bytes_per_s_ = static_cast<double>(bytes - progress_bytes_) / since;
        progress_time_ = now;
        progress_frames_ = counts.frames;
        progress_bytes_ = bytes;
    }
    Progress p;
    p.elapsed_s = to_seconds(now - start_);
    p.frames = counts.frames;
    p.lost = counts.lost;
    p.fps = progress_fps_;
    if (const auto peak = sink_->audio_peak(now)) p.audio_level_db = 20 * std::log10(std::max(*peak, 1e-5));
    p.disk_bytes_left = sink_->take().room_left().value_or(DiskRoom{}).bytes;
    if (progress_bytes_per_s_ > 0)
        p.disk_minutes_left = static_cast<double>(p.disk_bytes_left) / progress_bytes_per_s_ / 60;
    return p;
}

}  // namespace onetake
