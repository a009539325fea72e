#include "sink/event_log.h"

#include "base/clock.h"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr std::size_t kMostNotes = 100;

std::string line(std::optional<TrackId> track, const std::string& text) {
    return track ? fmt::format("{}: {}", to_string(*track), text) : text;
}

RecorderEvent event(EventKind kind, HostTime time, std::optional<TrackId> track, std::string text,
                    std::uint64_t count) {
    return {kind, to_seconds(time.time_since_epoch()), track ? to_string(*track) : std::string(), count,
            std::move(text)};
}

}  // namespace

void EventLog::report(EventKind kind, HostTime time, std::optional<TrackId> track, std::string text,
                      std::uint64_t count) {
    // Losses and the early end are in the metrics already.
    if (kind != EventKind::loss && kind != EventKind::ended_early) (void)keep(line(track, text));
    if (receiver_) receiver_(event(kind, time, track, std::move(text), count));
}

void EventLog::note(std::string text, EventKind kind, std::optional<TrackId> track) {
    if (keep(line(track, text)) && receiver_) receiver_(event(kind, host_now(), track, std::move(text), 0));
}

std::vector<std::string> EventLog::notes() const {
    MutexLock lock(mutex_);
    return notes_;
}

bool EventLog::keep(std::string text) {
    MutexLock lock(mutex_);
    if (notes_.size() >= kMostNotes || std::ranges::find(notes_, text) != notes_.end()) return false;
    notes_.push_back(std::move(text));
    return true;
}

}  // namespace onetake
