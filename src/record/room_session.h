#pragma once

#include "codec/jpeg_decoder.h"
#include "record/event_queue.h"
#include "record/recording.h"
#include "record/room_composite.h"
#include "record/room_start_gate.h"
#include "record/take_outputs.h"

#include <onetake/room.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onetake {

/// The audio of a room's file.
AudioOutput room_audio(const FileRecordingConfig& config);
/// The same by the journal of a room's take (`config.room`); empty if the take is of no room.
std::optional<AudioOutput> room_audio_of(const std::string& take_config_json);
/// Tags of a track of a room's take, by its title: PARTICIPANT and KIND. None of the mix and of a composite.
std::vector<std::pair<std::string, std::string>> room_track_tags(const std::string& title);

/// One recording of a FileMediaRecorder: a take whose tracks come and go, and the file that is rendered from it as it
/// grows. Thread-bound.
class RoomSession {
 public:
    /// Errors: FileMediaRecorder::on_recording_start()'s.
    static Result<std::unique_ptr<RoomSession>> start(const FileRecordingConfig& config,
                                                      const MediaRecordingConfig& room, EventCallback on_event,
                                                      ProgressCallback on_progress);
    RoomSession(const RoomSession&) = delete;
    RoomSession& operator=(const RoomSession&) = delete;
    /// Stops.
    ~RoomSession();

    Status add(const RecordingTrack& track);
    Status remove(const RecordingTrack& track);
    Status data(const RecordingTrack& track, const MediaData& data, double timestamp_ms);
    Result<MediaRecordingResult> stop();

 private:
    // A participant's media of one kind: a track of the take, or a video of the composite.
    struct Slot {
        RecordedTrack result;                    // times on CLOCK_MONOTONIC, s
        std::uint64_t number = 0;                // of the room's track that feeds it
        bool present = false;                    // in the room
        bool leaves = false;                     // its media are held still
        bool begun = false;                      // since it came
        bool feeds = false;                      // nothing of it was ended in the take
        int composite_id = -1;                   // of a video of the composite
        int id = 0;                              // from 0, in the order in which they came first
        std::optional<HostTime> last, last_end;  // of its media
        double interval_s = 0;                   // nominal, of video
        int sample_rate = 0, channels = 0;
        Recording::Added<PushVideoSource> video;
        Recording::Added<PushAudioSource> audio;
        bool other_format = false;  // something was skipped, which was reported
    };

    RoomSession(FileRecordingConfig config, std::string room);
    Status begin(const MediaRecordingConfig& room, EventCallback on_event, ProgressCallback on_progress);
    Status prove_encoder() const;
    Slot* slot_of(const RecordingTrack& track);
    Status take(const HeldMedia& media);
    void pass_on(const std::vector<HeldMedia>& held);
    void end(Slot& slot);
    void note_late_tracks();
    Status open(Slot& slot, const RecordingTrack& track);
    Status open_composite();
    Status push_video(Slot& slot, const RecordingTrack& track, const MediaData& data, HostTime time);
    Status push_composed(Slot& slot, const VideoFrame& frame, std::shared_ptr<const void> owner, HostTime time);
    Status push_audio(Slot& slot, const MediaData& data, HostTime time);
    void count(Slot& slot, HostTime begin, HostTime end, Duration longest_gap);
    void end_silent(HostTime now);
    void end_media(Slot& slot);
    MediaRecordingResult result_of(TakeResult& take);
    void fill(Slot& slot, const TakeResult& take) const;
    bool composes() const { return room_.layout == RoomLayout::composite; }

    const FileRecordingConfig room_;
    const std::string name_;
    RecorderConfig config_;
    ColorInfo color_;  // of the file's video
    EventQueue events_;
    std::unique_ptr<Recording> recording_;
    std::optional<TakeOutputs> outputs_;  // destroyed before the recording
    // As many may be awaited by a composite; what it does not need is freed soon.
    std::shared_ptr<BufferPool> images_ = BufferPool::create(256);
    std::optional<JpegDecoder> decoder_;
    Recording::Added<PushVideoSource> composed_;
    std::unique_ptr<RoomComposite> composite_;  // destroyed before the recording
    std::vector<std::unique_ptr<Slot>> slots_;
    RoomStartGate gate_;
    bool late_noted_ = false;
    HostTime looked_ = HostTime::min();  // for silent tracks
    bool stopped_ = false;
};

}  // namespace onetake
