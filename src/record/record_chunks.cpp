#include "base/clock.h"
#include "base/log.h"
#include "base/wake_event.h"
#include "record/callback_guard.h"
#include "record/chunk_session.h"
#include "record/ticker.h"
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

std::string track_name(std::string_view kind, std::size_t index) {
    return index == 0 ? std::string(kind) : fmt::format("{} {}", kind, index + 1);
}

Result<ChunkSessionOptions> session_options(const ChunkRecordingConfig& config) {
    const auto refuse = [](std::string text) { return fail(ErrorCode::invalid_argument, std::move(text)); };
    ONETAKE_TRY(validate(config.recorder));
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
    auto& store = o.recorder.store;
    if (store.codec == "jpeg" || store.codec == "encoded") store.codec = "auto";
    store.on_full = OnFull::drop;
    for (std::size_t i = 0; i < o.recorder.video.size(); ++i) {
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
        o.streams.push_back({{TrackKind::video, static_cast<int>(i) + 1}, track_name("video", i), store.codec});
    }
    for (std::size_t i = 0; i < o.recorder.audio.size(); ++i)
        o.streams.push_back(
            {{TrackKind::audio, static_cast<int>(i) + 1}, track_name("audio", i), config.audio_codec, 128'000});
    return o;
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
    options->on_event = guarded(on_event, [](const char* what) { log().warn("on_event: {}", what); });
    const auto progress = guarded(on_progress, [](const char* what) { log().warn("on_progress: {}", what); });
    const auto wake = WakeEvent::create();
    if (!wake) return fail(wake.error());
    auto session = ChunkSession::start(std::move(*options));
    if (!session) return fail(std::move(session).error());
    auto& recording = (*session)->recording();
    {
        std::optional<Ticker> ticker;
        if (progress) ticker.emplace([&] { progress(recording.progress()); });
        if (ticker) ticker->start();
        const std::stop_callback on_stop(std::move(stop), [&] { wake->wake(); });
        wake->wait_until(host_now() + duration_from_seconds(std::min(duration_s, kLongest)),
                         recording.ended_early_fd());
    }
    return (*session)->stop(progress);
}

}  // namespace onetake
