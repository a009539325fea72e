#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/wake_event.h"
#include "capture/stop_together.h"
#include "mix/display_name.h"
#include "record/open_sources.h"
#include "record/room_feed.h"

#include <onetake/room_sources.h>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <memory>
#include <utility>

namespace onetake {

namespace {

constexpr int kTestWidth = 640, kTestHeight = 360;
constexpr double kLongest_s = 1e9;

bool is_file(const TrackSpec& spec) {
    return spec.kind == TrackSpec::Kind::file;
}

/// What the sources of a room share.
struct Setting {
    Room& room;
    const RoomRecording& recording;
    HostTime begin;  ///< of the room
    bool any_live = false;
    EventCallback on_event;  ///< thread-safe
    const WakeEvent& changed;
    const WakeEvent& stopped;
    InputPace pace;
    SystemClock clock;  ///< of test sources

    HostTime at(double s) const { return begin + duration_from_seconds(std::min(s, kLongest_s)); }
};

/// One source of a room and its tracks. Thread-bound.
class RoomSource {
 public:
    explicit RoomSource(TrackSpec spec) : spec_(std::move(spec)) {}

    const TrackSpec& spec() const { return spec_; }
    bool joined() const { return joined_; }
    bool done() const { return done_; }
    /// Its tracks have ended.
    bool ended() const {
        const auto over = [](const auto& feed) { return !feed || feed->ended(); };
        return joined_ && over(video_feed_) && over(audio_feed_);
    }

    Status open(Setting& setting) {
        TrackSourceSettings settings;
        settings.start = setting.begin;
        settings.video.fps = setting.recording.file.video_fps;
        settings.video.v4l2_controls.clear();
        if (spec_.kind == TrackSpec::Kind::test) {
            settings.video.width = kTestWidth;
            settings.video.height = kTestHeight;
        }
        auto opened = open_track_source(spec_, settings, setting.clock);
        if (!opened) return fail(std::move(opened).error());
        video_ = std::move(opened->video);
        audio_ = std::move(opened->audio);
        opened_ = true;
        if (is_file(spec_)) input_ = setting.pace.add(setting.at(spec_.join_s));
        return {};
    }

    Status join(Setting& setting) {
        if (!opened_) ONETAKE_TRY(open(setting));
        joined_ = true;
        if (video_ && !spec_.video) video_.reset();
        if (audio_ && !spec_.audio) audio_.reset();
        if (video_) {
            RoomTrackConfig track;
            track.media = spec_.screen ? RoomMedia::screen_share : RoomMedia::video;
            track.fps = video_->description().fps > 0 ? video_->description().fps : setting.recording.file.video_fps;
            auto joined = setting.room.join(spec_.name, track);
            if (!joined) return fail(std::move(joined).error());
            video_feed_ = std::make_unique<RoomVideoFeed>(feed_options(setting), std::move(*joined));
        }
        if (audio_) {
            RoomTrackConfig track;
            track.media = RoomMedia::audio;
            track.sample_rate = audio_->description().sample_rate;
            track.channels = audio_->description().channels;
            auto joined = setting.room.join(spec_.name, track);
            if (!joined) return fail(std::move(joined).error());
            audio_feed_ = std::make_unique<RoomAudioFeed>(feed_options(setting), std::move(*joined));
        }
        if (video_feed_) ONETAKE_TRY(video_->start(*video_feed_));
        if (audio_feed_) ONETAKE_TRY(audio_->start(*audio_feed_));
        return {};
    }

    void leave(Setting& setting) {
        if (std::exchange(done_, true)) return;
        if (is_file(spec_) && opened_) setting.pace.end(input_);
        std::vector<VideoSource*> videos;
        std::vector<AudioSource*> audios;
        if (video_feed_) videos.push_back(video_.get());
        if (audio_feed_) audios.push_back(audio_.get());
        stop_together(videos, audios);
        if (video_feed_) (void)setting.room.leave(video_feed_->track());
        if (audio_feed_) (void)setting.room.leave(audio_feed_->track());
    }

 private:
    RoomFeedOptions feed_options(Setting& setting) const {
        RoomFeedOptions options;
        options.room = &setting.room;
        options.participant = display_name(spec_.name);
        options.on_event = setting.on_event;
        options.changed = &setting.changed;
        if (is_file(spec_) && setting.any_live) options.turn.until_stopped = &setting.stopped;
        if (is_file(spec_) && !setting.any_live) options.turn.pace = &setting.pace;
        options.turn.input = input_;
        const double until =
            std::min(spec_.leave_s.value_or(kLongest_s), setting.recording.duration_s.value_or(kLongest_s));
        if (until < kLongest_s) options.until = setting.at(until);
        return options;
    }

    const TrackSpec spec_;
    bool opened_ = false, joined_ = false, done_ = false;
    std::size_t input_ = 0;
    std::unique_ptr<RoomVideoFeed> video_feed_;  // outlive the sources
    std::unique_ptr<RoomAudioFeed> audio_feed_;
    std::unique_ptr<VideoSource> video_;
    std::unique_ptr<AudioSource> audio_;
};

using Sources = std::vector<std::unique_ptr<RoomSource>>;

// A source that can't join later ends, which is an event, and a line of `failures`.
void join_due(Setting& setting, Sources& sources, HostTime now, std::vector<std::string>& failures) {
    for (const auto& source : sources) {
        const auto& spec = source->spec();
        if (source->joined() || source->done() || (!is_file(spec) && now < setting.at(spec.join_s))) continue;
        if (const auto joined = source->join(setting); !joined) {
            source->leave(setting);
            failures.push_back(
                fmt::format("{} is not in the recording: {}", display_name(spec.name), joined.error().message));
            if (setting.on_event)
                setting.on_event({EventKind::fallback, to_seconds(now.time_since_epoch()), display_name(spec.name), 0,
                                  joined.error().message});
        }
    }
}

void leave_due(Setting& setting, Sources& sources, HostTime now) {
    for (const auto& source : sources) {
        const auto& leave = source->spec().leave_s;
        const bool due = leave && setting.any_live && now >= setting.at(*leave);
        if (source->joined() && (due || source->ended())) source->leave(setting);
    }
}

HostTime next_change(const Setting& setting, const Sources& sources, HostTime end) {
    auto next = end;
    for (const auto& source : sources) {
        if (source->done()) continue;
        if (!source->joined()) next = std::min(next, setting.at(source->spec().join_s));
        if (source->spec().leave_s && setting.any_live) next = std::min(next, setting.at(*source->spec().leave_s));
    }
    return next;
}

Status check(const RoomRecording& recording) {
    if (recording.sources.empty())
        return fail(ErrorCode::invalid_argument, "The room has no source; give one at least, as NAME=SOURCE.");
    if (recording.duration_s && !(*recording.duration_s > 0))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("duration is {} s; it must be above 0.", *recording.duration_s));
    return check_joins(recording.sources, recording.duration_s.value_or(kLongest_s));
}

}  // namespace

Result<RoomRecorderResult> record_room(const RoomRecording& recording, EventCallback on_event,
                                       ProgressCallback on_progress, std::stop_token stop) {
    ONETAKE_TRY(check(recording));
    const auto changed = WakeEvent::create(), stopped = WakeEvent::create();
    if (!changed) return fail(changed.error());
    if (!stopped) return fail(stopped.error());
    const bool any_live = std::ranges::any_of(recording.sources, [](const TrackSpec& spec) { return !is_file(spec); });
    auto file = recording.file;
    RoomConfig config;
    config.name = recording.name;
    // Files alone wait for the encoder.
    file.on_full = config.on_full = any_live ? OnFull::drop : OnFull::block;
    auto recorder = FileMediaRecorder::create(file);
    if (!recorder) return fail(std::move(recorder).error());
    Mutex event_mutex;
    const EventCallback one_at_a_time = on_event ? EventCallback([&](const RecorderEvent& event) {
        MutexLock lock(event_mutex);
        on_event(event);
    })
                                                 : EventCallback();
    (*recorder)->on_event(one_at_a_time);
    (*recorder)->on_progress(std::move(on_progress));
    auto room = Room::create(std::move(config));
    if (!room) return fail(std::move(room).error());
    ONETAKE_TRY((*room)->bind({std::move(*recorder), {}, "file"}));

    Setting setting{**room, recording, host_now(), any_live, one_at_a_time, *changed, *stopped, {}, {}};
    Sources sources;
    std::vector<std::string> failures;
    for (const auto& spec : recording.sources) {
        sources.push_back(std::make_unique<RoomSource>(spec));
        if (is_file(spec) || spec.join_s == 0) ONETAKE_TRY(sources.back()->open(setting));
    }
    const auto end = any_live ? setting.at(recording.duration_s.value_or(kLongest_s)) : HostTime::max();
    {
        const std::stop_callback on_stop(stop, [&] { changed->wake(); });
        while (!stop.stop_requested() && host_now() < end) {
            changed->clear();
            const auto now = host_now();
            join_due(setting, sources, now, failures);
            leave_due(setting, sources, now);
            if (std::ranges::all_of(sources, [](const auto& source) { return source->done(); })) break;
            changed->wait_until(std::min(next_change(setting, sources, end), host_now() + std::chrono::hours(1)), -1);
        }
    }
    stopped->wake();
    setting.pace.end_all();
    for (const auto& source : sources) source->leave(setting);
    auto results = (*room)->close();
    auto& made = results.front().recording.failures;
    made.insert(made.end(), failures.begin(), failures.end());
    return std::move(results.front());
}

}  // namespace onetake
