#pragma once

#include "base/time.h"
#include "capture/bounded_call.h"

#include <onetake/room.h>

#include <memory>
#include <string>

namespace onetake {

/// Media of a room's track, on their way to the recorders.
struct RoomData {
    RecordingTrack track;
    MediaData data;
    double timestamp_ms = 0;
    Duration length{};  ///< of audio
};

struct RecorderQueueOptions {
    std::string room;
    int frames = 60;             ///< of each video track
    Duration audio{};            ///< of each audio track
    bool wait_for_room = false;  ///< data() waits while the queue is full
};

/// Of the binding, or of the recorder.
std::string name_of(const RoomRecorderBinding& binding);

/// The calls of one recorder of a room: a bounded queue of each track and the thread that makes them, which outlives
/// this object where the recorder does not return. Thread-safe.
class RecorderQueue {
 public:
    /// Begins with on_recording_start().
    RecorderQueue(RoomRecorderBinding binding, RecorderQueueOptions options);
    RecorderQueue(const RecorderQueue&) = delete;
    RecorderQueue& operator=(const RecorderQueue&) = delete;
    ~RecorderQueue() = default;

    /// Tracks that the binding opts out of are ignored, with all their media.
    void add(const RecordingTrack& track);
    void remove(const RecordingTrack& track);
    void data(const std::shared_ptr<const RoomData>& data);
    /// Whether the calling thread is making a call of this recorder: waiting for the recorder there would never end.
    bool in_call() const;
    /// Ends waits in data(), also later ones: the media are dropped.
    void stop_waiting();
    /// on_recording_stop() comes behind what is queued. Once.
    void stop();
    /// Waits for it, as long as the recorder's stop_timeout_s() says since stop(). Once.
    RoomRecorderResult wait();

 private:
    struct State;

    const std::shared_ptr<State> state_;  // shared with the thread
    BoundedCall thread_;
    HostTime deadline_;
};

}  // namespace onetake
