#pragma once

#include "base/mutex.h"
#include "base/time.h"
#include "take/take_files.h"

#include <onetake/event.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// What a person should know about a take that is being recorded: passes every event on when it happens, and keeps the
/// texts for the take's metrics, each once. Thread-safe.
class EventLog {
 public:
    /// `receiver` is called on the thread of report() or note(), and must not block. May be empty.
    explicit EventLog(EventCallback receiver) : receiver_(std::move(receiver)) {}

    /// An event that may come again with the same text.
    void report(EventKind kind, HostTime time, std::optional<TrackId> track, std::string text, std::uint64_t count = 0);
    /// A message; one that was given before is left out.
    void note(std::string text, EventKind kind = EventKind::note, std::optional<TrackId> track = {});
    std::vector<std::string> notes() const;

 private:
    /// Whether the line is new.
    bool keep(std::string line);

    const EventCallback receiver_;
    mutable Mutex mutex_;
    std::vector<std::string> notes_ ONETAKE_GUARDED_BY(mutex_);
};

}  // namespace onetake
