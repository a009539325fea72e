#include "record/open_sources.h"

#include "capture/test_source.h"
#include "input/media_input.h"
#include "mix/display_name.h"
#include "portaudio/microphone.h"
#include "v4l2/v4l2_camera.h"

#include <onetake/devices.h>

#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

V4l2CameraOptions camera_options(const VideoTrackConfig& c) {
    V4l2CameraOptions o;
    o.device = c.device;
    o.width = c.width;
    o.height = c.height;
    o.fps = c.fps;
    o.fourcc = c.fourcc;
    o.buffersize = c.buffersize;
    o.controls = c.v4l2_controls;
    o.warmup = c.warmup;
    return o;
}

MicrophoneOptions microphone_options(const AudioTrackConfig& c) {
    MicrophoneOptions o;
    o.device = c.device;
    o.sample_rate = c.sample_rate;
    o.channels = c.channels;
    o.blocksize = c.blocksize;
    return o;
}

template <class Source, class Opened>
Status keep(Source& source, Result<std::unique_ptr<Opened>> opened) {
    if (!opened) return fail(std::move(opened).error());
    source = std::move(*opened);
    return {};
}

Status open(const VideoTrackConfig& track, const TestScene& scene, Clock& clock, bool any_size,
            OpenedSources::Video& video) {
    switch (track.source) {
        case SourceKind::device:
            video.transcode = track.convert_rgb;
            return keep(video.source, V4l2Camera::open(camera_options(track)));
        case SourceKind::test:
            return keep(video.source, TestCamera::open({scene.start, track.fps}, {track.width, track.height}, clock));
        case SourceKind::external: {
            auto push = std::make_unique<PushVideoSource>(track.label, track.fps, any_size);
            video.push = push.get();
            video.source = std::move(push);
        }
    }
    return {};
}

Status open(const AudioTrackConfig& track, const TestScene& scene, Clock& clock, OpenedSources::Audio& audio) {
    switch (track.source) {
        case SourceKind::device:
            return keep(audio.source, Microphone::open(microphone_options(track)));
        case SourceKind::test:
            return keep(audio.source,
                        TestMicrophone::open(scene, {track.sample_rate, track.channels, track.blocksize, 0}, clock));
        case SourceKind::external: {
            auto push =
                std::make_unique<PushAudioSource>(track.label, track.sample_rate, track.channels, track.blocksize);
            audio.push = push.get();
            audio.source = std::move(push);
        }
    }
    return {};
}

// Without any camera, something can be recorded nevertheless.
Error with_way_out(Error error, const VideoTrackConfig& track) {
    if (error.code == ErrorCode::not_found && track.source == SourceKind::device && list_video_devices().empty())
        error.message += " Without one, --no-video records audio only, and --source test a pattern and a tone.";
    return error;
}

Status open(const TrackSpec& spec, const TrackSourceSettings& settings, Clock& clock, OpenedTrackSource& opened) {
    using Kind = TrackSpec::Kind;
    if (spec.kind == Kind::camera || spec.kind == Kind::microphone || spec.kind == Kind::test) {
        const TestScene scene{settings.start, settings.video.fps};
        if (spec.kind != Kind::microphone && spec.video) {
            auto track = settings.video;
            track.source = spec.kind == Kind::test ? SourceKind::test : SourceKind::device;
            track.device = spec.source;
            OpenedSources::Video video;
            ONETAKE_TRY(open(track, scene, clock, false, video));
            opened.video = std::move(video.source);
        }
        const bool silent = spec.kind == Kind::camera || (spec.kind == Kind::test && spec.screen);
        if (!silent && spec.audio) {
            auto track = settings.audio;
            track.source = spec.kind == Kind::test ? SourceKind::test : SourceKind::device;
            track.device = spec.source;
            OpenedSources::Audio audio;
            ONETAKE_TRY(open(track, scene, clock, audio));
            opened.audio = std::move(audio.source);
        }
        return {};
    }
    MediaInputOptions options;
    options.video = spec.video;
    options.audio = spec.audio;
    if (spec.kind == Kind::file) options.begin = settings.start + duration_from_seconds(spec.join_s);
    auto input = open_media_input((spec.kind == Kind::sdp ? "sdp:" : "") + spec.source, options);
    if (!input) return fail(std::move(input).error());
    opened.video = std::move(input->video);
    opened.audio = std::move(input->audio);
    return {};
}

}  // namespace

Status check_joins(const std::vector<TrackSpec>& specs, double duration_s) {
    for (const auto& spec : specs)
        if (spec.join_s >= duration_s)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("{} ({}) joins at {} s, when the recording has ended: its duration is {} s.",
                                    display_name(spec.name), shown_source(spec), spec.join_s, duration_s));
    return {};
}

Result<OpenedTrackSource> open_track_source(const TrackSpec& spec, const TrackSourceSettings& settings, Clock& clock) {
    OpenedTrackSource opened;
    if (const auto status = open(spec, settings, clock, opened); !status)
        return fail(status.error().code,
                    fmt::format("{} ({}): {}", display_name(spec.name), shown_source(spec), status.error().message));
    return opened;
}

Result<OpenedSources> open_sources(const RecorderConfig& config, Clock& clock, bool any_size) {
    OpenedSources sources;
    for (const auto& track : config.data) sources.data.push_back(std::make_unique<PushDataSource>(track.label));
    // Flash and beep of all test sources come at the same instants.
    const TestScene scene{clock.now(), config.video.empty() ? VideoTrackConfig{}.fps : config.video.front().fps};
    for (const auto& track : config.video)
        if (auto opened = open(track, scene, clock, any_size, sources.video.emplace_back()); !opened)
            return fail(with_way_out(std::move(opened).error(), track));
    for (const auto& track : config.audio) {
        auto& audio = sources.audio.emplace_back();
        auto opened = open(track, scene, clock, audio);
        if (opened) continue;
        if (config.video.empty() || config.require_audio) return fail(std::move(opened).error());
        sources.notes.push_back(fmt::format("Recorded without this microphone: {}", opened.error().message));
    }
    return sources;
}

}  // namespace onetake
