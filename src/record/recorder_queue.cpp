#include "record/recorder_queue.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <exception>
#include <fmt/format.h>
#include <map>
#include <utility>
#include <variant>

namespace onetake {

namespace {

constexpr std::size_t kMostErrors = 20;
constexpr double kLongestWait_s = 1e8;

struct AddedTrack {
    RecordingTrack track;
};
struct RemovedTrack {
    RecordingTrack track;
};
struct StopCall {};
using Call = std::variant<AddedTrack, RemovedTrack, std::shared_ptr<const RoomData>, StopCall>;

constexpr double kDefaultWait_s = 10;

thread_local const void* called_queue = nullptr;  // whose call this thread makes

RoomLoss no_loss(const RecordingTrack& track) {
    return {track.participant, track.media, 0, 0};
}

}  // namespace

std::string name_of(const RoomRecorderBinding& binding) {
    if (!binding.name.empty()) return binding.name;
    try {
        return binding.recorder->name();
    } catch (...) {
        return "recorder";
    }
}

struct RecorderQueue::State {
    State(RoomRecorderBinding b, RecorderQueueOptions o) : binding(std::move(b)), options(std::move(o)) {
        binding.name = name_of(binding);
        MutexLock lock(mutex);
        result.name = binding.name;
    }

    // All of it runs on the thread.
    void run() {
        called_queue = this;
        MediaRecordingConfig config{options.room, binding.config, to_seconds(host_now().time_since_epoch()) * 1e3};
        std::optional<MediaRecordingHandle> handle;
        (void)guard("on_recording_start", [&]() -> Status {
            auto started = binding.recorder->on_recording_start(config);
            if (!started) return fail(std::move(started).error());
            handle = *started;
            return {};
        });
        for (;;) {
            auto call = next();
            if (!call) return;
            if (auto* added = std::get_if<AddedTrack>(&*call)) {
                if (handle)
                    (void)guard("on_track_added",
                                [&] { return binding.recorder->on_track_added(*handle, added->track); });
            } else if (auto* removed = std::get_if<RemovedTrack>(&*call)) {
                if (handle)
                    (void)guard("on_track_removed",
                                [&] { return binding.recorder->on_track_removed(*handle, removed->track); });
            } else if (auto* data = std::get_if<std::shared_ptr<const RoomData>>(&*call)) {
                give(handle, **data);
            } else {
                return stop(handle);
            }
        }
    }

    void give(const std::optional<MediaRecordingHandle>& handle, const RoomData& data) {
        const bool given = handle && guard("on_data", [&] {
                               return binding.recorder->on_data(*handle, data.track, data.data, data.timestamp_ms);
                           });
        MutexLock lock(mutex);
        auto& backlog = backlogs[data.track.number];
        --backlog.frames;
        backlog.audio -= data.length;
        if (!given && !abandoned) ++loss(data.track).failed;
        changed.notify_all();
    }

    void stop(const std::optional<MediaRecordingHandle>& handle) {
        MediaRecordingResult recording;
        if (handle)
            (void)guard("on_recording_stop", [&]() -> Status {
                auto stopped = binding.recorder->on_recording_stop(*handle);
                if (!stopped) return fail(std::move(stopped).error());
                recording = std::move(*stopped);
                return {};
            });
        MutexLock lock(mutex);
        if (!abandoned) result.recording = std::move(recording);
    }

    // An exception of the recorder concerns this call only.
    template <class Work>
    bool guard(const char* what, Work&& work) {
        std::string problem;
        try {
            if (const Status status = work(); !status)
                problem = status.error().message;
            else
                return true;
        } catch (const std::exception& e) {
            problem = fmt::format("it threw an exception: {}", e.what());
        } catch (...) {
            problem = "it threw an exception that is no std::exception";
        }
        add_error(fmt::format("{}: {}", what, problem));
        return false;
    }

    void add_error(std::string text) {
        MutexLock lock(mutex);
        if (result.errors.empty()) log().warn("Recorder {} of room {}: {}", binding.name, options.room, text);
        if (result.errors.size() < kMostErrors && std::ranges::find(result.errors, text) == result.errors.end())
            result.errors.push_back(std::move(text));
    }

    // Empty once nobody wants the result any more.
    std::optional<Call> next() {
        MutexLock lock(mutex);
        while (calls.empty() && !abandoned) changed.wait(lock);
        if (abandoned) return std::nullopt;
        auto call = std::move(calls.front());
        calls.pop_front();
        return call;
    }

    void post(Call call) {
        {
            MutexLock lock(mutex);
            calls.push_back(std::move(call));
        }
        changed.notify_all();
    }

    bool is_full(const RoomData& data) ONETAKE_REQUIRES(mutex) {
        const auto& backlog = backlogs[data.track.number];
        if (data.track.media == RoomMedia::audio)
            return backlog.audio > Duration{} && backlog.audio + data.length > options.audio;
        return backlog.frames >= options.frames;
    }

    RoomLoss& loss(const RecordingTrack& track) ONETAKE_REQUIRES(mutex) {
        return losses.try_emplace(track.number, no_loss(track)).first->second;
    }

    struct Backlog {
        int frames = 0;  // or blocks
        Duration audio{};
    };

    RoomRecorderBinding binding;
    const RecorderQueueOptions options;
    Mutex mutex;
    ConditionVariable changed;
    std::deque<Call> calls ONETAKE_GUARDED_BY(mutex);
    std::map<std::uint64_t, Backlog> backlogs ONETAKE_GUARDED_BY(mutex);  // by track, with what is being given
    std::map<std::uint64_t, RoomLoss> losses ONETAKE_GUARDED_BY(mutex);
    RoomRecorderResult result ONETAKE_GUARDED_BY(mutex);
    bool waits_ended ONETAKE_GUARDED_BY(mutex) = false, abandoned ONETAKE_GUARDED_BY(mutex) = false;
};

RecorderQueue::RecorderQueue(RoomRecorderBinding binding, RecorderQueueOptions options)
    : state_(std::make_shared<State>(std::move(binding), std::move(options))),
      thread_(BoundedCall::begin([state = state_] { state->run(); })) {}

void RecorderQueue::add(const RecordingTrack& track) {
    if (state_->binding.config.records(track.media)) state_->post(AddedTrack{track});
}

void RecorderQueue::remove(const RecordingTrack& track) {
    if (state_->binding.config.records(track.media)) state_->post(RemovedTrack{track});
}

void RecorderQueue::data(const std::shared_ptr<const RoomData>& data) {
    auto& s = *state_;
    if (!s.binding.config.records(data->track.media)) return;
    {
        MutexLock lock(s.mutex);
        while (s.options.wait_for_room && !s.waits_ended && s.is_full(*data)) s.changed.wait(lock);
        if (s.is_full(*data)) {
            ++s.loss(data->track).dropped;
            return;
        }
        auto& backlog = s.backlogs[data->track.number];
        ++backlog.frames;
        backlog.audio += data->length;
        s.calls.emplace_back(data);
    }
    s.changed.notify_all();
}

bool RecorderQueue::in_call() const {
    return called_queue == state_.get();
}

void RecorderQueue::stop_waiting() {
    {
        MutexLock lock(state_->mutex);
        state_->waits_ended = true;
    }
    state_->changed.notify_all();
}

void RecorderQueue::stop() {
    state_->post(StopCall{});
    double timeout = kDefaultWait_s;
    (void)state_->guard("stop_timeout_s", [&]() -> Status {
        timeout = state_->binding.recorder->stop_timeout_s();
        return {};
    });
    deadline_ = host_now() + duration_from_seconds(std::isnan(timeout) ? 0 : std::clamp(timeout, 0.0, kLongestWait_s));
}

RoomRecorderResult RecorderQueue::wait() {
    auto& s = *state_;
    const bool returned = thread_.wait_until(deadline_);
    MutexLock lock(s.mutex);
    if (!returned) {
        s.abandoned = true;
        s.result.returned = false;
        for (const auto& call : std::exchange(s.calls, {}))
            if (const auto* data = std::get_if<std::shared_ptr<const RoomData>>(&call))
                ++s.loss((*data)->track).dropped;
        s.result.errors.emplace_back("It did not return in time, and is left to itself.");
    }
    for (const auto& [number, loss] : s.losses) s.result.losses.push_back(loss);
    s.changed.notify_all();
    return s.result;
}

}  // namespace onetake
