#include "record/track_sources.h"

#include "mix/display_name.h"
#include "record/media_turn.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace onetake {

namespace {

constexpr double kLongest_s = 1e9;

bool is_media_file(const TrackSpec& spec) {
    return spec.kind == TrackSpec::Kind::file;
}

}  // namespace

/// What all sources share.
struct TrackSources::Group {
    WakeEvent changed, stopped;
    InputPace pace = {};
    SystemClock clock = {};  // of test sources
    bool any_live = false;
    std::atomic<bool> stopping = false;

    void stop() {
        stopping = true;
        stopped.wake();
        pace.end_all();
    }
};

/// A source that was opened, and its tracks.
struct TrackSources::Input {
    Group& group;
    MediaTurn turn;
    HostTime from, until;
    std::atomic<int> running = 0;  // tracks
};

class TrackSources::Track {
 public:
    explicit Track(Input& input) : input_(input) { ++input_.running; }
    Track(const Track&) = delete;
    Track& operator=(const Track&) = delete;
    virtual ~Track() = default;

    bool ended() const { return ended_; }
    virtual void stop_source() = 0;

 protected:
    /// Whether media of this time are passed on; waits for their turn. If not, what became of them.
    std::optional<Delivery> refusal(HostTime time) {
        if (time >= input_.until) end();
        if (ended_) return Delivery::closed;
        // What comes before the source joins is not part of the recording, and no loss.
        if (time < input_.from) return Delivery::accepted;
        input_.turn.wait(time);
        return input_.group.stopping ? std::optional(Delivery::closed) : std::nullopt;
    }
    void reported(SourceEvent::Kind kind) {
        if (kind == SourceEvent::Kind::ended) end();
    }
    void stopping() { input_.group.stop(); }

 private:
    void end() {
        if (ended_.exchange(true)) return;
        if (--input_.running == 0 && input_.turn.pace != nullptr) input_.turn.pace->end(input_.turn.input);
        input_.group.changed.wake();
    }

    Input& input_;
    std::atomic<bool> ended_ = false;
};

class TrackSources::Video final : public Track, public VideoSource, public VideoReceiver {
 public:
    Video(Input& input, std::unique_ptr<VideoSource> source, double fps)
        : Track(input), source_(std::move(source)), description_(source_->description()) {
        if (!(description_.fps > 0)) description_.fps = fps;
    }
    const VideoDescription& description() const override { return description_; }
    Status start(VideoReceiver& receiver) override {
        next_ = &receiver;
        return source_->start(*this);
    }
    void stop() override {
        stopping();
        source_->stop();
    }
    void stop_source() override { source_->stop(); }
    double grab_ms_mean() const override { return source_->grab_ms_mean(); }

    Buffer buffer(std::size_t bytes) override { return next_->buffer(bytes); }
    Delivery deliver(Frame frame) override {
        if (const auto refused = refusal(frame.stamp.time)) return *refused;
        return next_->deliver(std::move(frame));
    }
    void report(SourceEvent event) override {
        const auto kind = event.kind;
        next_->report(std::move(event));
        reported(kind);
    }

 private:
    const std::unique_ptr<VideoSource> source_;
    VideoDescription description_;
    VideoReceiver* next_ = nullptr;
};

class TrackSources::Audio final : public Track, public AudioSource, public AudioReceiver {
 public:
    Audio(Input& input, std::unique_ptr<AudioSource> source) : Track(input), source_(std::move(source)) {}
    const AudioDescription& description() const override { return source_->description(); }
    Status start(AudioReceiver& receiver) override {
        next_ = &receiver;
        return source_->start(*this);
    }
    void stop() override {
        stopping();
        source_->stop();
    }
    void stop_source() override { source_->stop(); }

    Delivery deliver(AudioBlock block) override {
        if (const auto refused = refusal(block.time)) return *refused;
        return next_->deliver(std::move(block));
    }
    void report(SourceEvent event) override {
        const auto kind = event.kind;
        next_->report(std::move(event));
        reported(kind);
    }

 private:
    const std::unique_ptr<AudioSource> source_;
    AudioReceiver* next_ = nullptr;
};

TrackSources::TrackSources(std::unique_ptr<Group> group) : group_(std::move(group)) {}
TrackSources::~TrackSources() = default;

Result<std::unique_ptr<TrackSources>> TrackSources::open(const std::vector<TrackSpec>& specs,
                                                         const VideoTrackConfig& video, const AudioTrackConfig& audio,
                                                         double duration_s) {
    ONETAKE_TRY(check_joins(specs, duration_s));
    auto changed = WakeEvent::create(), stopped = WakeEvent::create();
    if (!changed) return fail(std::move(changed).error());
    if (!stopped) return fail(std::move(stopped).error());
    std::unique_ptr<TrackSources> sources(
        new TrackSources(std::unique_ptr<Group>(new Group{std::move(*changed), std::move(*stopped)})));
    sources->group_->any_live = !std::ranges::all_of(specs, is_media_file);
    sources->start_ = host_now();
    const TrackSourceSettings settings{sources->start_, video, audio};
    // Live sources end with the time on the wall.
    const double longest = sources->any_live() ? kLongest_s : std::min(duration_s, kLongest_s);
    for (const auto& spec : specs)
        ONETAKE_TRY(sources->add(spec, settings, settings.start + duration_from_seconds(longest)));
    return sources;
}

Status TrackSources::add(const TrackSpec& spec, const TrackSourceSettings& settings, HostTime until) {
    auto opened = open_track_source(spec, settings, group_->clock);
    if (!opened) return fail(std::move(opened).error());
    if (!opened->video && !opened->audio)
        return fail(ErrorCode::unsupported,
                    fmt::format("{} ({}) has no track that is wanted.", display_name(spec.name), shown_source(spec)));
    const auto at = [&](double s) { return settings.start + duration_from_seconds(std::min(s, kLongest_s)); };
    auto& input = *inputs_.emplace_back(std::unique_ptr<Input>(
        new Input{*group_, {}, at(spec.join_s), std::min(until, spec.leave_s ? at(*spec.leave_s) : until)}));
    if (is_media_file(spec) && group_->any_live) input.turn.until_stopped = &group_->stopped;
    if (is_media_file(spec) && !group_->any_live) {
        input.turn.pace = &group_->pace;
        input.turn.input = group_->pace.add(input.from);
    }
    if (opened->video) {
        ONETAKE_TRY(add_name(spec, TrackKind::video, video_names_));
        auto video = std::make_unique<Video>(input, std::move(opened->video), settings.video.fps);
        tracks_.push_back(video.get());
        opened_.video.push_back({std::move(video), true, nullptr});
    }
    if (opened->audio) {
        ONETAKE_TRY(add_name(spec, TrackKind::audio, audio_names_));
        auto audio = std::make_unique<Audio>(input, std::move(opened->audio));
        tracks_.push_back(audio.get());
        opened_.audio.push_back({std::move(audio), nullptr, !group_->any_live});
    }
    return {};
}

// The same name may be that of a camera and of a microphone: streams have their kinds.
Status TrackSources::add_name(const TrackSpec& spec, TrackKind kind, std::vector<std::string>& names) const {
    auto name = display_name(spec.name);
    if (spec.screen && kind == TrackKind::video) name += " screen";
    if (std::ranges::find(names, name) != names.end())
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("There are two {} tracks of the name \"{}\"; give each its own.", to_string(kind), name));
    names.push_back(std::move(name));
    return {};
}

OpenedSources TrackSources::take() {
    return std::move(opened_);
}

bool TrackSources::any_live() const {
    return group_->any_live;
}

const WakeEvent& TrackSources::changed() const {
    return group_->changed;
}

bool TrackSources::stop_ended() {
    for (auto* track : tracks_)
        if (track->ended()) track->stop_source();
    return std::ranges::all_of(tracks_, &Track::ended);
}

}  // namespace onetake
