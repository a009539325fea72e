#include "base/clock.h"
#include "base/log.h"
#include "base/wake_event.h"
#include "record/callback_guard.h"
#include "record/chunk_session.h"
#include "record/ticker.h"
#include "record/track_sources.h"
#include "take/take_files.h"

#include <onetake/chunked_writer.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace onetake {

namespace {

// Names for as many tracks as were given none.
std::vector<std::string> track_names(std::string_view kind, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        names.push_back(i == 0 ? std::string(kind) : fmt::format("{} {}", kind, i + 1));
    return names;
}

Result<ChunkSessionOptions> session_options(const ChunkRecordingConfig& config) {
    const auto refuse = [](std::string text) { return fail(ErrorCode::invalid_argument, std::move(text)); };
    if (!(config.chunk_length_s >= 0.001 && config.chunk_length_s <= 1e6))
        return refuse(fmt::format("chunk_length_s is {}; allowed: 0.001 to 1000000.", config.chunk_length_s));
    const auto folder = std::filesystem::path(config.directory).lexically_normal();
    auto name = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
    if (config.directory.empty() || !check_take_name(name) || name.front() == '.')
        return refuse(fmt::format("The folder of the chunks is \"{}\"; it must have a name.", config.directory));
    ChunkSessionOptions o;
    o.directory = config.directory;
    o.name = std::move(name);
    o.length = std::chrono::milliseconds(std::llround(config.chunk_length_s * 1000));
    o.recorder = config.recorder;
    o.recorder.encode.container = ContainerFormat::mkv;  // which holds what the configured one may not
    ONETAKE_TRY(validate(o.recorder));
    auto& store = o.recorder.store;
    if (store.codec == "jpeg" || store.codec == "encoded") store.codec = "auto";
    store.on_full = OnFull::drop;
    return o;
}

// The recorder's tracks become those of the sources.
void use_sources(const TrackSources& from, const OpenedSources& sources, ChunkSessionOptions& o) {
    auto& r = o.recorder;
    if (!from.any_live()) {
        r.store.on_full = OnFull::block;
        o.origin = from.start();  // whichever is read first
    }
    r.video.clear();
    r.audio.clear();
    for (std::size_t i = 0; i < sources.video.size(); ++i) {
        auto& track = r.video.emplace_back();
        track.source = SourceKind::external;
        track.label = from.video_names()[i];
        track.fps = sources.video[i].source->description().fps;
    }
    for (std::size_t i = 0; i < sources.audio.size(); ++i) {
        const auto& description = sources.audio[i].source->description();
        auto& track = r.audio.emplace_back();
        track.source = SourceKind::external;
        track.label = from.audio_names()[i];
        track.sample_rate = description.sample_rate;
        track.channels = description.channels;
    }
}

void add_streams(const std::string& audio_codec, const std::vector<std::string>& videos,
                 const std::vector<std::string>& audios, ChunkSessionOptions& o) {
    const auto& store = o.recorder.store;
    for (std::size_t i = 0; i < videos.size(); ++i) {
        auto& setup = o.video.emplace_back();
        setup.encode.codec = store.codec;
        setup.encode.preset = store.preset;
        setup.encode.crf = store.crf;
        setup.encode.bit_rate = store.bitrate;
        setup.encode.keyframe_s = store.keyframe_s;
        setup.encode.pixel_format = PixelFormat::i420;
        setup.encode.keep_size = true;
        // A chunk is complete only when its encoder holds nothing of it, also if no further frame comes.
        setup.encode.steady_rate = false;
        setup.range = ColorRange::full;
        o.streams.push_back({{TrackKind::video, static_cast<int>(i) + 1}, videos[i], store.codec});
    }
    for (std::size_t i = 0; i < audios.size(); ++i)
        o.streams.push_back({{TrackKind::audio, static_cast<int>(i) + 1}, audios[i], audio_codec, 128'000});
}

// Until the time is over, the disk is full, `stop` is requested, or the sources have ended.
void record_until(HostTime end, const std::stop_token& stop, const WakeEvent& wake, Recording& recording,
                  TrackSources* sources) {
    const std::stop_callback on_stop(stop, [&] { wake.wake(); });
    for (;;) {
        wake.clear();
        if (stop.stop_requested() || recording.ended_early() || host_now() >= end) return;
        if (sources != nullptr && sources->stop_ended()) return;
        wake.wait_until(end, recording.ended_early_fd());
    }
}

}  // namespace

Result<ChunkedResult> record_chunks(const ChunkRecordingConfig& config, double duration_s, std::stop_token stop,
                                    const ProgressCallback& on_progress, const EventCallback& on_event) {
    constexpr double kLongest = 1e9;  // seconds; longer ones, also infinity, last until they are stopped
    if (in_callback) return fail(ErrorCode::wrong_state, "record_chunks() in a callback.");
    if (!(duration_s > 0))
        return fail(ErrorCode::invalid_argument, fmt::format("duration is {} s; it must be above 0.", duration_s));
    auto options = session_options(config);
    if (!options) return fail(std::move(options).error());
    auto& tracks = options->recorder;
    std::unique_ptr<TrackSources> sources;
    std::optional<OpenedSources> opened_sources;
    if (config.tracks.empty()) {
        add_streams(config.audio_codec, track_names("video", tracks.video.size()),
                    track_names("audio", tracks.audio.size()), *options);
    } else {
        auto opened =
            TrackSources::open(config.tracks, tracks.video.empty() ? VideoTrackConfig() : tracks.video.front(),
                               tracks.audio.empty() ? AudioTrackConfig() : tracks.audio.front(), duration_s);
        if (!opened) return fail(std::move(opened).error());
        sources = std::move(*opened);
        opened_sources = sources->take();
        use_sources(*sources, *opened_sources, *options);
        add_streams(config.audio_codec, sources->video_names(), sources->audio_names(), *options);
    }
    options->on_event = guarded(on_event, [](const char* what) { log().warn("on_event: {}", what); });
    const auto progress = guarded(on_progress, [](const char* what) { log().warn("on_progress: {}", what); });
    const auto wake = WakeEvent::create();
    if (!wake) return fail(wake.error());
    auto session = ChunkSession::start(std::move(*options), std::move(opened_sources));
    if (!session) return fail(std::move(session).error());
    auto& recording = (*session)->recording();
    {
        std::optional<Ticker> ticker;
        if (progress) ticker.emplace([&] { progress(recording.progress()); });
        if (ticker) ticker->start();
        // Of files alone the duration is that of their media.
        const double longest = sources && !sources->any_live() ? kLongest : std::min(duration_s, kLongest);
        record_until(host_now() + duration_from_seconds(longest), stop, sources ? sources->changed() : *wake, recording,
                     sources.get());
    }
    auto result = (*session)->stop(progress);
    if (result && result->chunks.empty() && result->failures.empty())
        result->failures.emplace_back("No chunk was made: no source delivered media that could be stored.");
    return result;
}

}  // namespace onetake
