#pragma once

#include "capture/push_gate.h"
#include "record/event_queue.h"
#include "record/recording.h"
#include "record/take_outputs.h"

#include <onetake/video_recorder.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace onetake {

/// One recording of a VideoRecorder: a take with an encoded track, and the file that is copied from it as it grows.
/// tap() is thread-safe; stop() once.
class VideoSession {
 public:
    /// `source`: unset: frames are tapped. Errors: VideoRecorder::start()'s.
    static Result<std::unique_ptr<VideoSession>> start(const VideoRecordingConfig& config,
                                                       const std::string& session_id,
                                                       const std::optional<VideoTrackConfig>& source,
                                                       EventCallback on_event);
    VideoSession(const VideoSession&) = delete;
    VideoSession& operator=(const VideoSession&) = delete;
    /// Stops.
    ~VideoSession();

    Status tap(const VideoFrame& frame, std::shared_ptr<const void> owner);
    Result<VideoRecordingResult> stop();

    /// From one thread at a time.
    Progress progress() { return recording_->progress(); }
    /// Readable when nothing more can be stored, for poll().
    int ended_early_fd() const { return recording_->ended_early_fd(); }

 private:
    VideoSession(VideoRecordingConfig config, std::string session_id)
        : video_(std::move(config)), id_(std::move(session_id)) {}
    Status begin(const std::optional<VideoTrackConfig>& source, EventCallback on_event);
    Status push(const VideoFrame& frame, std::shared_ptr<const void> owner);
    double time_of(const VideoFrame& frame);
    VideoRecordingResult result_of(const TakeResult& take) const;
    void settle(TakeResult& take, VideoRecordingResult& result) const;
    std::string take_of(const TakeResult& take) const;

    const VideoRecordingConfig video_;
    const std::string id_;
    RecorderConfig config_;
    EventQueue events_;
    std::unique_ptr<Recording> recording_;
    std::optional<TakeOutputs> outputs_;  // destroyed before the recording
    bool is_tapped_ = false, stopped_ = false;

    const std::shared_ptr<BufferPool> converted_ = BufferPool::create(4);  // of frames in other colours
    PushGate gate_;
    // Used by the thread that the gate admitted, and after it was closed.
    std::uint64_t taps_ = 0, skipped_ = 0, surplus_ = 0;
    std::optional<double> anchor_;       // of frames without a stamp: a time in s …
    std::int64_t since_anchor_ = 0;      // … and frames after it
    std::optional<double> first_;        // AVI: time of its place 0
    std::optional<std::int64_t> place_;  // AVI: of the last frame
};

}  // namespace onetake
