#include "record/recording.h"

#include "base/ulid.h"
#include "capture/stop_together.h"
#include "inspect/stored_take.h"
#include "record/config.h"
#include "sync/calibration.h"

#include <onetake/version.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utility>

namespace onetake {

namespace {

constexpr Duration kFirstFrameTimeout = std::chrono::seconds(5);
// A source that waits for a disk that hangs ends its wait before the sources' own time limit.
constexpr Duration kLongestWaitAtStop = std::chrono::seconds(1);

double peak_memory_mb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

template <class Tracks>
auto pushed_source(const Tracks& tracks, int track, std::string_view kind) -> Result<decltype(tracks.front().push)> {
    const auto pushed = std::ranges::count_if(tracks, [](const auto& t) { return t.push != nullptr; });
    if (track >= 0 && static_cast<std::size_t>(track) < tracks.size())
        if (auto* source = tracks[static_cast<std::size_t>(track)].push) return source;
    return fail(ErrorCode::refused,
                fmt::format("{} track {} is not pushed; this take has {} {} tracks, of which {} {}.", kind, track,
                            tracks.size(), kind, pushed, pushed == 1 ? "is" : "are"));
}

}  // namespace

Result<std::unique_ptr<Recording>> Recording::start(const RecorderConfig& config, RecordingOptions options) {
    auto ended_early = WakeEvent::create();
    if (!ended_early) return fail(std::move(ended_early).error());

    std::unique_ptr<Recording> recording(new Recording(config, std::move(options), std::move(*ended_early)));
    if (recording->options_.sources) {
        recording->sources_ = std::move(*recording->options_.sources);
    } else {
        auto sources = open_sources(recording->config_, recording->clock_, recording->options_.keep_size);
        if (!sources) return fail(std::move(sources).error());
        recording->sources_ = std::move(*sources);
    }
    ONETAKE_TRY(recording->open_sink());
    auto status = recording->add_tracks();
    if (status) status = recording->start_sources();
    if (!status) {
        recording->remove_take();
        return fail(std::move(status).error());
    }
    return recording;
}

Recording::~Recording() {
    if (finished_ || !sink_) return;
    end_capture();
    (void)close();
}

namespace {

// Empty where frames are stored as JPEGs.
std::optional<LiveVideoSettings> live_settings(const StoreConfig& store, bool keep_size, bool steady_rate) {
    if (store.codec == "jpeg") return std::nullopt;
    LiveVideoSettings live;
    live.codec = store.codec == "encoded" ? "auto" : store.codec;
    live.preset = store.preset;
    live.crf = store.crf;
    live.bit_rate = store.bitrate;
    live.keyframe_s = store.keyframe_s;
    live.keep_size = keep_size;
    live.steady_rate = steady_rate;
    return live;
}

}  // namespace

Status Recording::open_sink() {
    auto& names = options_.names;
    TakeSinkOptions options;
    options.writer.data_dir = config_.data_dir;
    options.writer.name = names.current();
    options.writer.program = "onetake " + version();
    options.writer.config_json = config_json(config_);
    if (const auto& [name, object] = options_.extra_config; !name.empty()) {
        auto config = nlohmann::ordered_json::parse(options.writer.config_json);
        config[name] = nlohmann::ordered_json::parse(object);
        options.writer.config_json = config.dump();
    }
    options.writer.late_tracks = options_.late_tracks;
    options.writer.fsync = config_.store.fsync;
    options.writer.encoded_tracks = config_.store.codec != "jpeg" || !options_.video.empty();
    options.writer.data_tracks = !config_.data.empty();
    options.writer.id = new_ulid(read_clocks().wall);
    options.jpeg = {config_.store.quality, config_.store.subsample, config_.store.progressive};
    options.workers = config_.store.workers;
    options.queue_size = config_.store.queue_size;
    options.on_full = config_.store.on_full;
    options.on_event = options_.on_event;
    options.on_ended_early = [this] { ended_early_.wake(); };
    auto sink = TakeSink::create(options);
    while (!sink && sink.error().code == ErrorCode::already_exists && names.advance()) {
        options.writer.name = names.current();
        sink = TakeSink::create(options);
    }
    if (!sink) return fail(std::move(sink).error());
    sink_ = std::move(*sink);
    return {};
}

// Media that a program pushes come when it has seen the take begin, so they need no barrier.
Status Recording::add_tracks() {
    for (auto& text : sources_.notes) sink_->note(std::move(text), EventKind::fallback);
    for (auto& text : options_.notes) sink_->note(std::move(text), EventKind::fallback);
    const bool together = !options_.sources;
    const auto cameras = std::ranges::count_if(sources_.video, [](const auto& v) { return v.push == nullptr; });
    start_barrier_ = std::make_unique<StartBarrier>(together ? static_cast<int>(cameras) : 0);
    for (const auto& video : sources_.video) {
        auto input = add_input(video);
        if (!input) return fail(std::move(input).error());
        VideoReceiver* next = *input;
        if (options_.chunks) next = &options_.chunks->add(**input);
        auto receiver =
            video.push || !together ? nullptr : std::make_unique<BarrierVideoReceiver>(*next, *start_barrier_);
        video_inputs_.push_back(receiver ? receiver.get() : next);
        video_receivers_.push_back(std::move(receiver));
    }
    for (const auto& audio : sources_.audio) {
        if (!audio.source) {
            audio_inputs_.push_back(nullptr);
            continue;
        }
        auto input = sink_->add_audio(audio.source->description(), audio.may_wait);
        if (!input) return fail(std::move(input).error());
        AudioReceiver* next = *input;
        if (options_.chunks) next = &options_.chunks->add(**input, audio.source->description().sample_rate);
        auto receiver =
            audio.push || !together ? nullptr : std::make_unique<BarrierAudioReceiver>(*next, *start_barrier_);
        audio_inputs_.push_back(receiver ? receiver.get() : next);
        audio_receivers_.push_back(std::move(receiver));
    }
    for (const auto& data : sources_.data) {
        auto input = sink_->add_data(data->description());
        if (!input) return fail(std::move(input).error());
        data_inputs_.push_back(options_.chunks ? &options_.chunks->add(**input) : static_cast<DataReceiver*>(*input));
    }
    if (options_.chunks) options_.chunks->connect(*sink_);
    ONETAKE_TRY(write_offsets());
    return sink_->start();
}

Result<VideoTrackInput*> Recording::add_input(const OpenedSources::Video& video) {
    auto description = video.source->description();
    if (options_.range)
        description.color.range = *options_.range == PixelRange::limited ? ColorRange::limited : ColorRange::full;
    VideoTrackOptions track{video.transcode, live_settings(config_.store, options_.keep_size, video.push == nullptr)};
    if (video_inputs_.size() < options_.video.size()) {
        const auto& setup = options_.video[video_inputs_.size()];
        track.encode = setup.encode;
        track.open_encoder = setup.open_encoder;
        track.on_encoder_error = setup.on_encoder_error;
        description.color.range = setup.range;
        if (video.push) description.width = setup.width;
        if (video.push) description.height = setup.height;
    }
    if (options_.chunks) track.chunks = options_.chunks->grid();
    return sink_->add_video(description, track);
}

Result<Recording::Added<PushVideoSource>> Recording::add_video(const VideoTrackConfig& track) {
    auto source = std::make_unique<PushVideoSource>(track.label, track.fps, options_.keep_size);
    OpenedSources::Video video{std::move(source), false, nullptr};
    video.push = static_cast<PushVideoSource*>(video.source.get());
    const auto input = add_input(video);
    if (!input) return fail(input.error());
    ONETAKE_TRY(video.source->start(**input));
    const Added<PushVideoSource> added{video.push, (*input)->id()};
    video_inputs_.push_back(*input);
    sources_.video.push_back(std::move(video));
    return added;
}

Result<Recording::Added<PushAudioSource>> Recording::add_audio(const AudioTrackConfig& track) {
    auto source = std::make_unique<PushAudioSource>(track.label, track.sample_rate, track.channels, track.blocksize);
    const auto input = sink_->add_audio(source->description(), config_.store.on_full == OnFull::block);
    if (!input) return fail(input.error());
    ONETAKE_TRY(source->start(**input));
    const Added<PushAudioSource> added{source.get(), (*input)->id()};
    audio_inputs_.push_back(*input);
    sources_.audio.push_back({std::move(source), added.source});
    return added;
}

Status Recording::write_offsets() {
    if (sources_.video.empty()) return {};
    const TrackId video{TrackKind::video, 1};
    TrackId audio{TrackKind::audio, 0};
    const auto configured = duration_from_seconds(-config_.encode.latency_offset_ms * 1e-3);
    const auto store = CalibrationStore::of_user();
    for (const auto& opened : sources_.audio) {
        if (!opened.source) continue;
        ++audio.number;
        if (configured != Duration{}) ONETAKE_TRY(sink_->add_offset({video, audio, configured, "configured"}));
        const auto key = calibration_key(sources_.video.front().source->description(), opened.source->description());
        if (!config_.calibration || !store || key.camera.empty() || key.microphone.empty()) continue;
        const auto found = store->find(key);
        if (!found)
            sink_->note(fmt::format("Recorded without the measured offset: {}", found.error().message),
                        EventKind::fallback);
        else if (*found)
            ONETAKE_TRY(sink_->add_offset({video, audio, (*found)->offset, "calibration"}));
    }
    return {};
}

Status Recording::start_sources() {
    for (std::size_t i = 0; i < sources_.data.size(); ++i) sources_.data[i]->start(*data_inputs_[i]);
    for (std::size_t i = 0; i < sources_.audio.size(); ++i) {
        if (!sources_.audio[i].source) continue;
        if (auto status = sources_.audio[i].source->start(*audio_inputs_[i]); !status) {
            if (sources_.video.empty() || config_.require_audio) return status;
            sink_->note(fmt::format("Recorded without this microphone: {}", status.error().message),
                        EventKind::fallback);
        }
    }
    for (std::size_t i = 0; i < sources_.video.size(); ++i)
        ONETAKE_TRY(sources_.video[i].source->start(*video_inputs_[i]));
    if (!start_barrier_->wait_for(kFirstFrameTimeout)) {
        sink_->note(fmt::format("A camera delivered no frame within {} s of its start; recording goes on.",
                                std::chrono::duration_cast<std::chrono::seconds>(kFirstFrameTimeout).count()));
        start_barrier_->open();
    }
    if (config_.marker_socket) {
        auto socket = MarkerSocket::open(
            sink_->take().id(), [this](std::string_view text, HostTime time) { return sink_->mark(text, time); });
        if (socket)
            marker_socket_ = std::move(*socket);
        else if (socket.error().code != ErrorCode::not_found)
            sink_->note(fmt::format("`onetake mark` can't set markers: {}", socket.error().message));
    }
    start_ = host_now();
    meter_.emplace(start_);
    return {};
}

void Recording::stop_sources() {
    std::vector<VideoSource*> videos;
    std::vector<AudioSource*> audios;
    for (const auto& video : sources_.video) videos.push_back(video.source.get());
    for (const auto& audio : sources_.audio)
        if (audio.source) audios.push_back(audio.source.get());
    stop_together(videos, audios);
    for (const auto& data : sources_.data) data->stop();
}

// Nothing was recorded: the take is empty.
void Recording::remove_take() {
    stop_sources();
    finished_ = true;
    const auto folder = sink_->take().folder();
    sink_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

void Recording::end_capture() {
    finished_ = true;
    marker_socket_.reset();
    end_ = host_now();
    sink_->limit_waiting(kLongestWaitAtStop);
    stop_sources();
    sink_->drain();
}

bool Recording::has_media() const {
    const auto counts = sink_->counts();
    return counts.frames + counts.audio_bytes + counts.packets > 0;
}

Result<TakeResult> Recording::close() {
    TakeResult result;
    auto& m = result.metrics;
    m = sink_->metrics();
    m.duration_s = to_seconds(length());
    if (!sources_.video.empty()) m.grab_ms_mean = sources_.video.front().source->grab_ms_mean();
    if (m.duration_s > 0) m.video_mbps = m.video_mb * 8 / m.duration_s;
    m.disk_bytes_left = sink_->take().room_left().value_or(DiskRoom{}).bytes;
    m.peak_memory_mb = peak_memory_mb();
    const auto note = [&](std::string text) {
        sink_->note(text);
        m.notes.push_back(std::move(text));
    };
    if (!m.balanced()) note("The counters don't add up: frames are unaccounted for. This is a bug; please report it.");
    if (!sources_.video.empty() && m.frames == 0) note("No frame was recorded.");
    if (m.audio_enabled && m.audio_samples == 0) note("No audio was recorded.");
    const auto silent = [](const TrackCounters& c) { return c.kind == "audio" && c.written == 0; };
    if (config_.require_audio && std::ranges::any_of(m.counters, silent)) {
        result.failures.emplace_back("A microphone recorded nothing, and require_audio is set.");
        note(result.failures.back());
    }
    if (!options_.work_take) {
        auto silence = silent_cameras(m);
        // Of chunks, that is for who asked for them.
        if (silence.empty() && !options_.chunks && !has_media())
            silence.emplace_back("Nothing was recorded: no source delivered media that could be stored.");
        for (auto& text : silence) {
            note(text);
            result.failures.push_back(std::move(text));
        }
    }

    const auto& take = sink_->take();
    result.name = take.name();
    result.id = take.id();
    result.frames_dir = take.frames_dir();
    result.wav_path = take.wav_path();
    if (!options_.work_take || ended_early())
        if (auto status = keep(result); !status) return fail(std::move(status).error());
    return result;
}

std::vector<std::string> Recording::silent_cameras(const Metrics& metrics) const {
    std::vector<std::string> lines;
    if (options_.sources) return lines;  // they come and go
    for (std::size_t i = 0; i < sources_.video.size(); ++i) {
        if (sources_.video[i].push) continue;
        const auto track = to_string(TrackId{TrackKind::video, static_cast<int>(i) + 1});
        const auto counters = std::ranges::find(metrics.counters, track, &TrackCounters::track);
        if (counters != metrics.counters.end() && counters->expected > 0) continue;
        lines.push_back(
            fmt::format("{}: camera {} delivered no frame. `onetake devices` reports why a camera can't be "
                        "used.",
                        track, sources_.video[i].source->description().device));
    }
    return lines;
}

// What goes wrong is a note in the result; without a take it is an error.
Status Recording::keep(TakeResult& result) {
    auto& m = result.metrics;
    const auto& take = sink_->take();
    is_closed_ = true;
    if (auto status = sink_->close(m); !status) {
        if (status.error().code == ErrorCode::internal) return fail(std::move(status).error());
        if (take.folder_deleted())
            return fail(ErrorCode::io, fmt::format("Nothing of the take is left: {}",
                                                   m.ended_early.empty() ? status.error().message : m.ended_early));
        const auto text =
            take.journal_deleted()
                ? fmt::format("The take's journal was deleted; the timestamps of the media in {} are lost.",
                              take.folder())
                : fmt::format("The take could not be closed ({}); `{}` repairs it.", status.error().message,
                              take_command("recover", take.name(), config_.data_dir));
        sink_->note(text);
        m.notes.push_back(text);
        if (m.ended_early.empty()) m.ended_early = text;
    }
    if (struct stat st{}; ::stat(take.manifest_path().c_str(), &st) == 0) result.manifest_path = take.manifest_path();
    return {};
}

Status Recording::mark(std::string_view text, std::optional<double> t) {
    if (!t) return sink_->mark(text, host_now());
    constexpr double kLatest = 1e9;  // seconds, so that the conversion can't overflow
    if (!std::isfinite(*t) || std::abs(*t) > kLatest)
        return fail(ErrorCode::refused, "The marker's time is not a time in seconds on CLOCK_MONOTONIC.");
    return sink_->mark(text, HostTime(duration_from_seconds(*t)));
}

Result<PushVideoSource*> Recording::pushed_video(int track) const {
    return pushed_source(sources_.video, track, "video");
}

Result<PushDataSource*> Recording::pushed_data(int track) const {
    if (track >= 0 && static_cast<std::size_t>(track) < sources_.data.size())
        return sources_.data[static_cast<std::size_t>(track)].get();
    return fail(ErrorCode::refused,
                fmt::format("There is no data track {}; this take has {}.", track, sources_.data.size()));
}

Result<PushAudioSource*> Recording::pushed_audio(int track) const {
    return pushed_source(sources_.audio, track, "audio");
}

}  // namespace onetake
