#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "capture/push_gate.h"
#include "record/callback_guard.h"
#include "record/pushed_frame.h"
#include "record/recorder_queue.h"

#include <onetake/room.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr int kMostChannels = 8;
constexpr std::size_t kIdleCopies = 8;

// A track while it is in the room.
struct Member {
    explicit Member(RecordingTrack t) : track(std::move(t)) { gate.open(); }
    const RecordingTrack track;
    PushGate gate;
    const std::shared_ptr<BufferPool> copies = BufferPool::create(kIdleCopies);
};

tl::unexpected<Error> no_track(const RecordingTrack& track) {
    return fail(ErrorCode::not_found,
                fmt::format("There is no {} track {} of \"{}\" in the room: it left, or never joined.",
                            to_string(track.media), track.number, track.participant));
}

Status check(const std::string& participant, const RoomTrackConfig& track) {
    if (participant.empty()) return fail(ErrorCode::invalid_argument, "The participant's name is empty.");
    const auto refuse = [](const char* field, auto value, const char* allowed) {
        return fail(ErrorCode::invalid_argument, fmt::format("{} is {}; allowed: {}.", field, value, allowed));
    };
    if (track.media == RoomMedia::audio) {
        if (track.sample_rate < 1000 || track.sample_rate > 768'000)
            return refuse("sample_rate", track.sample_rate, "1000 to 768000");
        if (track.channels < 1 || track.channels > kMostChannels) return refuse("channels", track.channels, "1 to 8");
    } else if (!(track.fps >= 0.001 && track.fps <= 1000)) {
        return refuse("fps", track.fps, "0.001 to 1000");
    }
    return {};
}

}  // namespace

class Room::Impl {
 public:
    explicit Impl(RoomConfig config) : config_(std::move(config)) {}

    Status bind(RoomRecorderBinding binding) {
        if (!binding.recorder) return fail(ErrorCode::invalid_argument, "The binding has no recorder.");
        MutexLock lock(mutex_);
        if (closed_) return fail(ErrorCode::wrong_state, "bind() after close().");
        if (!begun_) {
            waiting_.push_back(std::move(binding));
            return {};
        }
        auto queues = std::make_shared<Queues>(*queues_);
        queues->push_back(std::make_shared<RecorderQueue>(std::move(binding), queue_options()));
        for (const auto& member : members_) queues->back()->add(member->track);
        queues_ = std::move(queues);
        return {};
    }

    Result<RecordingTrack> join(const std::string& participant, const RoomTrackConfig& wanted) {
        ONETAKE_TRY(check(participant, wanted));
        RecordingTrack track;
        track.participant = participant;
        track.media = wanted.media;
        if (wanted.media == RoomMedia::audio) {
            track.sample_rate = wanted.sample_rate;
            track.channels = wanted.channels;
        } else {
            track.fps = wanted.fps;
        }
        MutexLock lock(mutex_);
        if (closed_) return fail(ErrorCode::wrong_state, "join() after close().");
        track.number = ++last_number_;
        if (!wanted.record || !config_.record.records(wanted.media)) {
            opted_out_.push_back(track.number);
            return track;
        }
        begin();
        members_.push_back(std::make_shared<Member>(track));
        for (const auto& queue : *queues_) queue->add(track);
        return track;
    }

    Status leave(const RecordingTrack& track) {
        std::shared_ptr<Member> member;
        {
            MutexLock lock(mutex_);
            if (std::erase(opted_out_, track.number) > 0) return {};
            const auto at = std::ranges::find(members_, track.number, [](const auto& m) { return m->track.number; });
            if (at == members_.end()) return no_track(track);
            member = *at;
            members_.erase(at);
            ++leaving_;
        }
        member->gate.close();
        MutexLock lock(mutex_);
        for (const auto& queue : *queues_) queue->remove(member->track);
        --leaving_;
        closed_changed_.notify_all();
        return {};
    }

    void leave(const std::string& participant) {
        std::vector<RecordingTrack> tracks;
        {
            MutexLock lock(mutex_);
            for (const auto& member : members_)
                if (member->track.participant == participant) tracks.push_back(member->track);
        }
        for (const auto& track : tracks) (void)leave(track);
    }

    Status push(const RecordingTrack& track, const VideoFrame& frame, std::shared_ptr<const void> owner) {
        auto found = find(track);
        if (!found) return fail(std::move(found).error());
        auto& [member, queues] = *found;
        if (!member) return {};
        if (member->track.media == RoomMedia::audio)
            return fail(ErrorCode::refused, "A frame can't be pushed to an audio track.");
        if (const auto format = image_format(frame.format)) {
            const auto image = borrowed_frame({frame.width, frame.height, frame.stride, frame.bytes, *format}, {});
            if (!image) return fail(image.error());
        }
        if (frame.t && !std::isfinite(*frame.t)) return fail(ErrorCode::refused, "The frame's time is not a number.");
        auto data = std::make_shared<RoomData>();
        data->track = member->track;
        data->track.format = frame.format;
        data->track.width = frame.width;
        data->track.height = frame.height;
        data->data = {frame.bytes, frame.stride, frame.range, !frame.t, std::move(owner), frame.matrix};
        if (!data->data.owner) keep_copy(*member, data->data);
        if (!member->gate.enter()) return no_track(track);
        data->timestamp_ms = frame.t.value_or(to_seconds(host_now().time_since_epoch())) * 1e3;
        give(*member, *queues, std::move(data));
        return {};
    }

    Status push(const RecordingTrack& track, std::span<const std::int16_t> samples, std::optional<double> t) {
        auto found = find(track);
        if (!found) return fail(std::move(found).error());
        auto& [member, queues] = *found;
        if (!member) return {};
        const auto channels = static_cast<std::size_t>(member->track.channels);
        if (member->track.media != RoomMedia::audio)
            return fail(ErrorCode::refused, "Samples can't be pushed to a video track.");
        if (samples.empty() || samples.size() % channels != 0)
            return fail(ErrorCode::refused, fmt::format("{} samples are not a whole number for each of {} channels.",
                                                        samples.size(), channels));
        if (t && !std::isfinite(*t)) return fail(ErrorCode::refused, "The samples' time is not a number.");
        auto data = std::make_shared<RoomData>();
        data->track = member->track;
        data->data.bytes = {reinterpret_cast<const std::uint8_t*>(samples.data()), samples.size_bytes()};
        data->length = from_ticks(static_cast<std::int64_t>(samples.size() / channels), member->track.sample_rate);
        data->data.is_arrival = !t;
        keep_copy(*member, data->data);
        if (!member->gate.enter()) return no_track(track);
        const auto begin = host_now() - data->length;
        data->timestamp_ms = t.value_or(to_seconds(begin.time_since_epoch())) * 1e3;
        give(*member, *queues, std::move(data));
        return {};
    }

    /// Whether the recorders can't be waited for, because they wait for this thread.
    bool is_called_by_recorder() {
        MutexLock lock(mutex_);
        return in_callback || std::ranges::any_of(*queues_, [](const auto& queue) { return queue->in_call(); });
    }

    /// Without `wait` the recorders come to their ends by themselves.
    std::vector<RoomRecorderResult> close(bool wait) {
        std::vector<std::shared_ptr<Member>> members;
        std::shared_ptr<const Queues> queues;
        std::vector<RoomRecorderResult> results;
        {
            MutexLock lock(mutex_);
            while (closing_) closed_changed_.wait(lock);
            if (closed_) return results_;
            closed_ = closing_ = true;
            // Without a track, no recorder has started.
            for (const auto& binding : std::exchange(waiting_, {})) {
                results.emplace_back();
                results.back().name = name_of(binding);
            }
            members.swap(members_);
            queues = queues_;
        }
        for (const auto& queue : *queues) queue->stop_waiting();
        {
            // Those who are just leaving come before the end.
            MutexLock lock(mutex_);
            while (leaving_ > 0) closed_changed_.wait(lock);
        }
        for (const auto& member : members) {
            member->gate.close();
            for (const auto& queue : *queues) queue->remove(member->track);
        }
        for (const auto& queue : *queues) queue->stop();
        for (const auto& queue : *queues)
            if (wait) results.push_back(queue->wait());
        MutexLock lock(mutex_);
        results_ = results;
        closing_ = false;
        closed_changed_.notify_all();
        return results;
    }

 private:
    using Queues = std::vector<std::shared_ptr<RecorderQueue>>;
    using Found = std::pair<std::shared_ptr<Member>, std::shared_ptr<const Queues>>;

    // The recorders start with the first track.
    void begin() ONETAKE_REQUIRES(mutex_) {
        if (std::exchange(begun_, true)) return;
        auto queues = std::make_shared<Queues>(*queues_);
        for (auto& binding : std::exchange(waiting_, {}))
            queues->push_back(std::make_shared<RecorderQueue>(std::move(binding), queue_options()));
        queues_ = std::move(queues);
    }

    RecorderQueueOptions queue_options() const {
        RecorderQueueOptions options;
        options.room = config_.name;
        options.frames = config_.queue_size;
        options.audio = duration_from_seconds(config_.audio_queue_s);
        options.wait_for_room = config_.on_full == OnFull::block;
        return options;
    }

    // Without a member for a track that opted out.
    Result<Found> find(const RecordingTrack& track) {
        MutexLock lock(mutex_);
        const auto at = std::ranges::find(members_, track.number, [](const auto& m) { return m->track.number; });
        if (at != members_.end()) return Found{*at, queues_};
        if (std::ranges::find(opted_out_, track.number) != opted_out_.end()) return Found{};
        return no_track(track);
    }

    static void keep_copy(Member& member, MediaData& data) {
        auto copy = std::make_shared<Buffer>(member.copies->take(data.bytes.size()));
        if (!data.bytes.empty()) std::memcpy(copy->writable(), data.bytes.data(), data.bytes.size());
        data.bytes = copy->span();
        data.owner = std::move(copy);
    }

    static void give(Member& member, const Queues& queues, std::shared_ptr<const RoomData> data) {
        for (const auto& queue : queues) queue->data(data);
        member.gate.leave();
    }

    const RoomConfig config_;
    Mutex mutex_;
    ConditionVariable closed_changed_;
    bool begun_ ONETAKE_GUARDED_BY(mutex_) = false;
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false, closing_ ONETAKE_GUARDED_BY(mutex_) = false;
    int leaving_ ONETAKE_GUARDED_BY(mutex_) = 0;  // calls of leave() under way
    std::uint64_t last_number_ ONETAKE_GUARDED_BY(mutex_) = 0;
    std::vector<RoomRecorderBinding> waiting_ ONETAKE_GUARDED_BY(mutex_);  // until the first track
    std::vector<std::shared_ptr<Member>> members_ ONETAKE_GUARDED_BY(mutex_);
    std::vector<std::uint64_t> opted_out_ ONETAKE_GUARDED_BY(mutex_);
    std::shared_ptr<const Queues> queues_ ONETAKE_GUARDED_BY(mutex_) = std::make_shared<Queues>();
    std::vector<RoomRecorderResult> results_ ONETAKE_GUARDED_BY(mutex_);
};

Room::Room(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Room::~Room() {
    (void)impl_->close(!impl_->is_called_by_recorder());
}

Result<std::unique_ptr<Room>> Room::create(RoomConfig config) {
    if (config.queue_size < 1 || config.queue_size > 10'000)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("queue_size is {}; allowed: 1 to 10000.", config.queue_size));
    if (!(config.audio_queue_s >= 0.1 && config.audio_queue_s <= 3600))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("audio_queue_s is {}; allowed: 0.1 to 3600.", config.audio_queue_s));
    return std::unique_ptr<Room>(new Room(std::make_unique<Impl>(std::move(config))));
}

Status Room::bind(RoomRecorderBinding binding) {
    return impl_->bind(std::move(binding));
}
Result<RecordingTrack> Room::join(const std::string& participant, const RoomTrackConfig& track) {
    return impl_->join(participant, track);
}
Status Room::leave(const RecordingTrack& track) {
    return impl_->leave(track);
}
void Room::leave(const std::string& participant) {
    impl_->leave(participant);
}
Status Room::push_video(const RecordingTrack& track, const VideoFrame& frame, std::shared_ptr<const void> owner) {
    return impl_->push(track, frame, std::move(owner));
}
Status Room::push_audio(const RecordingTrack& track, std::span<const std::int16_t> samples, std::optional<double> t) {
    return impl_->push(track, samples, t);
}
std::vector<RoomRecorderResult> Room::close() {
    if (impl_->is_called_by_recorder()) return {};
    return impl_->close(true);
}

}  // namespace onetake
