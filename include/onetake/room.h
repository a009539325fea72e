#pragma once

#include <onetake/config.h>
#include <onetake/event.h>
#include <onetake/image.h>
#include <onetake/progress.h>
#include <onetake/result.h>
#include <onetake/video_recorder.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace onetake {

/// What a track of a room carries.
enum class RoomMedia {
    audio,         ///< a microphone
    video,         ///< a camera
    screen_share,  ///< a participant's screen
};
ONETAKE_API std::string_view to_string(RoomMedia media);

/// Which tracks are recorded; each kind by itself. Everything is, unless it is opted out of.
struct ChannelRecordingConfig {
    bool audio = true;
    bool video = true;
    bool screen_share = true;

    bool records(RoomMedia media) const {
        return media == RoomMedia::audio ? audio : media == RoomMedia::video ? video : screen_share;
    }
};

/// A track that a participant brings into a room.
struct RoomTrackConfig {
    RoomMedia media = RoomMedia::video;
    double fps = 30;          ///< of video: nominal, frames/s
    int sample_rate = 48000;  ///< of audio: Hz
    int channels = 1;         ///< of audio: 1 to 8
    bool record = true;       ///< false: the participant opts out; no recorder gets it
};

/// A track of a room, as recorders see it.
struct RecordingTrack {
    std::uint64_t number = 0;  ///< unique in the room, from 1; one that comes again has another
    std::string participant;   ///< as given, untrusted: any bytes
    RoomMedia media = RoomMedia::video;
    VideoFrameFormat format = VideoFrameFormat::raw_bgr24;  ///< of the frame at hand
    int width = 0, height = 0;                              ///< of the frame at hand, pixels; 0 before the first
    double fps = 0;                                         ///< of video: nominal
    int sample_rate = 0;                                    ///< of audio: Hz; samples are signed, 16 bit
    int channels = 0;                                       ///< of audio, interleaved
};

/// Media of a track: a frame, or interleaved 16-bit samples in the machine's byte order.
struct MediaData {
    std::span<const std::uint8_t> bytes;
    int stride = 0;                           ///< of raw frames, bytes of a row of the first plane; 0: without padding
    PixelRange range = PixelRange::full;      ///< of YUV and gray frames
    bool is_arrival = false;                  ///< the time is that of arrival: it may be late, but is never early
    std::shared_ptr<const void> owner;        ///< keeps `bytes` valid and unchanged; copy it to keep them longer
    PixelMatrix matrix = PixelMatrix::bt601;  ///< of YUV frames
};

/// What a recorder is told when it starts.
struct MediaRecordingConfig {
    std::string room;                 ///< the room's name
    ChannelRecordingConfig channels;  ///< what this recorder gets
    double started_ms = 0;            ///< room's clock: milliseconds on CLOCK_MONOTONIC
};

/// Names a recording of one recorder.
struct MediaRecordingHandle {
    std::uint64_t number = 0;  ///< unique among the recordings of a recorder
};

/// From one instant to another, seconds from the file's beginning.
struct RecordedInterval {
    double from_s = 0, to_s = 0;
};

/// What became of a track: delivered = written + dropped + refused + lost. Frames, or samples per channel.
struct RecordedTrack {
    std::string participant;  ///< as it can be shown: valid UTF-8 on one line
    RoomMedia media = RoomMedia::video;
    std::uint64_t delivered = 0;              ///< received by the recorder
    std::uint64_t written = 0;                ///< in the file; in a composite, shown or mixed
    std::uint64_t dropped = 0;                ///< for lack of time; in a composite also frames that no image needed
    std::uint64_t refused = 0;                ///< damaged, of a format that is not recorded, or not later than the last
    std::uint64_t lost = 0;                   ///< in an encoder that failed, or on a full disk
    std::vector<RecordedInterval> intervals;  ///< each stay, from its first media to its last
    std::vector<RecordedInterval> gaps;       ///< in them, without media: video over 0.5 s, audio over 50 ms
    std::vector<std::string> errors;          ///< what was wrong with this track, a line each
};

/// What a recorder made.
struct MediaRecordingResult {
    std::string path;  ///< of the file, or its URL; empty: there is none
    std::string take;  ///< folder of the take, where it was kept
    std::uint64_t size_bytes = 0;
    double duration_s = 0;  ///< of the media
    std::string codec;      ///< of the video, the encoder that was used: "libx264"; empty without video
    std::vector<RecordedTrack> tracks;
    std::vector<std::string> notes;     ///< fallbacks and changes, a line each
    std::vector<std::string> failures;  ///< what was asked for and not done, and why, a line each
};
/// The result as one JSON object; NaN becomes null.
ONETAKE_API std::string to_json(const MediaRecordingResult& result);

/// What records the media of a room: FileMediaRecorder, WavFileRecorder, MockMediaRecorder, or a program's own, as one
/// that uploads. A room makes all calls of one recording on one thread of its own, one after the other; a call that
/// blocks, fails or throws concerns this recorder only. Recordings of several rooms may be made at once.
class ONETAKE_API MediaRecorder {
 public:
    virtual ~MediaRecorder();
    /// For messages.
    virtual std::string name() const = 0;
    virtual Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig& config) = 0;
    /// The last call of a recording.
    virtual Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle& handle) = 0;
    virtual Status on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) = 0;
    virtual Status on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) = 0;
    /// Media of a track. `timestamp_ms`: instant of capture of the frame or the first sample, milliseconds on
    /// CLOCK_MONOTONIC, the room's clock.
    virtual Status on_data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data,
                           double timestamp_ms) = 0;
    /// How long Room::close() waits for this recorder, with what is queued for it. Infinity: as long as it takes.
    virtual double stop_timeout_s() const { return 10; }

 protected:
    MediaRecorder() = default;
    MediaRecorder(const MediaRecorder&) = default;
    MediaRecorder& operator=(const MediaRecorder&) = default;
};

/// Keeps what it gets in memory, for tests of programs. Thread-safe.
class ONETAKE_API MockMediaRecorder final : public MediaRecorder {
 public:
    struct Chunk {
        RecordingTrack track;
        std::vector<std::uint8_t> bytes;
        double timestamp_ms = 0;
    };

    MockMediaRecorder();
    MockMediaRecorder(const MockMediaRecorder&) = delete;
    MockMediaRecorder& operator=(const MockMediaRecorder&) = delete;
    ~MockMediaRecorder() override;

    std::string name() const override { return "mock"; }
    Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig& config) override;
    Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle& handle) override;
    Status on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data,
                   double timestamp_ms) override;

    /// Copies of all that came so far, in order.
    std::vector<RecordingTrack> tracks() const;
    std::vector<RecordingTrack> removed_tracks() const;
    std::vector<Chunk> chunks() const;
    /// Of the recordings that were stopped, with their sizes in bytes.
    std::vector<MediaRecordingResult> results() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// How a room's tracks are arranged in its file.
enum class RoomLayout {
    composite,  ///< one video, a grid with names, a screen share large; one audio track, mixed
    tracks,     ///< each track a stream of its own, named after participant and kind
};

/// When a room's file begins.
enum class RoomStart {
    first_media,  ///< with the first media of any track
    all_tracks,   ///< when every track that had joined by then has delivered, or after start_timeout_s
};

/// How FileMediaRecorder records.
struct FileRecordingConfig {
    std::string storage = "./recordings";           ///< folder of the files; made if missing
    std::string video_codec = "auto";               ///< as VideoRecordingConfig::codec
    double video_fps = 30;                          ///< of the composite; nominal for tracks that announce none
    std::string audio_codec = "aac";                ///< any audio encoder of libavcodec that the format can hold
    int audio_sample_rate = 16000;                  ///< Hz, of the file
    int audio_channels = 1;                         ///< of the mix: 1 or 2; tracks keep their own
    int audio_bitrate = 64000;                      ///< bits/s, of each audio track of the file
    ContainerFormat format = ContainerFormat::mp4;  ///< mp4 or mkv
    RoomLayout layout = RoomLayout::composite;
    int width = 1280, height = 720;   ///< of the composite, pixels; even
    std::string preset = "veryfast";  ///< the video encoder's preset
    int crf = 23;                     ///< constant quality; used where bitrate is 0
    int bitrate = 0;                  ///< bits/s of each video track; 0: by crf
    double keyframe_s = 2;            ///< most between two keyframes
    RoomStart start_when = RoomStart::first_media;
    double start_timeout_s = 5;     ///< of all_tracks
    OnFull on_full = OnFull::drop;  ///< video, when the encoder can't keep up
    bool keep_take = false;         ///< keep the take that the file was made from
};

/// Checks all fields. The error names the first field out of range, its value and what is allowed.
ONETAKE_API Status validate(const FileRecordingConfig& config);

/// Records a room into one file, `room_<12 hexadecimal digits>_<YYYYMMDDTHHMMSS>.mp4` in UTC, through a take
/// `.<name>.take` that survives a crash: recover_recordings() makes its file then. A file is complete half a second
/// after the stop where every track was there within three seconds of the first media, and in a composite; a track that
/// came later is put in as the file is rendered again beside the recording, and at the latest at the stop.
///
/// Ownership: owns threads and files of its recordings; a destroyed recorder stops them. Threads: calls of one
/// recording one after the other; recordings do not hold each other up.
class ONETAKE_API FileMediaRecorder final : public MediaRecorder {
 public:
    /// Checks the configuration. Errors: invalid_argument.
    static Result<std::unique_ptr<FileMediaRecorder>> create(FileRecordingConfig config = {});
    FileMediaRecorder(const FileMediaRecorder&) = delete;
    FileMediaRecorder& operator=(const FileMediaRecorder&) = delete;
    ~FileMediaRecorder() override;

    std::string name() const override { return "file"; }
    /// Opens the encoders once, to prove that they work here. Errors: as VideoRecorder::start().
    Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig& config) override;
    Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle& handle) override;
    Status on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data,
                   double timestamp_ms) override;
    /// A file is always finished.
    double stop_timeout_s() const override;

    /// Called with every event of every recording, from a thread of the recorder. Set while nothing is recorded.
    void on_event(EventCallback callback);
    /// Called about twice a second while a file is finished. Set while nothing is recorded.
    void on_progress(ProgressCallback callback);
    const FileRecordingConfig& config() const;

 private:
    class Impl;
    explicit FileMediaRecorder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Writes each stay of an audio track to a WAV of its own, `<participant>_<YYYYMMDDTHHMMSS>.wav` in UTC, with its own
/// rate and channels: the samples as they came, and silence where more than 30 ms are missing. A WAV that was
/// interrupted can be played up to its last second. Threads: as FileMediaRecorder.
class ONETAKE_API WavFileRecorder final : public MediaRecorder {
 public:
    /// `storage`: folder of the files; made if missing.
    explicit WavFileRecorder(std::string storage = "./recordings");
    WavFileRecorder(const WavFileRecorder&) = delete;
    WavFileRecorder& operator=(const WavFileRecorder&) = delete;
    ~WavFileRecorder() override;

    std::string name() const override { return "wav"; }
    Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig& config) override;
    /// `path` is that of the first file; the paths of all are in the notes.
    Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle& handle) override;
    Status on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data,
                   double timestamp_ms) override;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A layer below the room: records each video session of a room with a recorder of single streams, a file each.
class ONETAKE_API VideoSessionRecorder final : public MediaRecorder {
 public:
    explicit VideoSessionRecorder(std::shared_ptr<VideoRecorderInterface> recorder);
    VideoSessionRecorder(const VideoSessionRecorder&) = delete;
    VideoSessionRecorder& operator=(const VideoSessionRecorder&) = delete;
    ~VideoSessionRecorder() override;

    std::string name() const override { return "video"; }
    Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig& config) override;
    Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle& handle) override;
    Status on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) override;
    Status on_data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data,
                   double timestamp_ms) override;
    double stop_timeout_s() const override;

    /// Of all sessions that were recorded, in the order of their ends.
    std::vector<VideoRecordingResult> results() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A recorder of a room.
struct RoomRecorderBinding {
    std::shared_ptr<MediaRecorder> recorder;
    ChannelRecordingConfig config = {};  ///< what it gets
    std::string name;                    ///< for results and messages; empty: the recorder's
};

/// What a room's recorder did not get, of one track.
struct RoomLoss {
    std::string participant;
    RoomMedia media = RoomMedia::video;
    std::uint64_t dropped = 0;  ///< frames or blocks: its queue was full, or the recorder did not return in time
    std::uint64_t failed = 0;   ///< frames or blocks that the recorder refused, or threw at
};

/// What became of one recorder of a room.
struct RoomRecorderResult {
    std::string name;                 ///< the binding's
    MediaRecordingResult recording;   ///< empty if it did not start or did not return
    std::vector<RoomLoss> losses;     ///< of tracks that have any
    bool returned = true;             ///< false: it did not return in time, and was left to itself
    std::vector<std::string> errors;  ///< of its calls, a line each, at most 20
};

/// How a room passes media on.
struct RoomConfig {
    std::string name;                    ///< for recorders and messages
    ChannelRecordingConfig record = {};  ///< of every track
    int queue_size = 60;                 ///< frames of a video track that may be queued for each recorder
    double audio_queue_s = 30;           ///< seconds of an audio track likewise
    OnFull on_full = OnFull::drop;  ///< when a recorder's queue is full; `block` is for media that can wait, as files
};

/// A room: participants' tracks, and the recorders that get them. Recording is automatic: it starts with the first
/// track and ends with close(). Each recorder has a queue and a thread of its own, so that one that blocks, fails or is
/// slow harms no other; what it does not get is counted. Queues are of each track: audio is never dropped because of
/// video.
///
/// Threads: all calls from any number of threads. Media of one track are in the order of the calls. Ownership: keeps
/// its recorders; a destroyed room is closed.
class ONETAKE_API Room {
 public:
    /// Errors: invalid_argument.
    static Result<std::unique_ptr<Room>> create(RoomConfig config = {});
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room();

    /// Adds a recorder; tracks that are there are announced to it. Errors: invalid_argument without one; wrong_state
    /// after close().
    Status bind(RoomRecorderBinding binding);

    /// A participant brings in a track; several of them, and of several kinds, at the same time or again. Errors:
    /// invalid_argument; wrong_state after close().
    Result<RecordingTrack> join(const std::string& participant, const RoomTrackConfig& track);
    /// Removes a track. Errors: not_found.
    Status leave(const RecordingTrack& track);
    /// Removes all tracks of a participant.
    void leave(const std::string& participant);

    /// Passes a frame to the recorders. `frame.t`: unset, it is captured now. `owner` keeps its bytes valid and
    /// unchanged until it is released; without it, they are copied once. Errors: not_found for a track that left,
    /// refused for a frame that is incomplete or on an audio track.
    Status push_video(const RecordingTrack& track, const VideoFrame& frame, std::shared_ptr<const void> owner = {});
    /// Passes interleaved samples on. `t`: instant of the first, seconds on CLOCK_MONOTONIC; unset: the last is
    /// captured now. Errors: as push_video().
    Status push_audio(const RecordingTrack& track, std::span<const std::int16_t> samples,
                      std::optional<double> t = std::nullopt);

    /// Removes all tracks and stops all recorders, at the same time. Waits for each as long as its stop_timeout_s()
    /// says. A second call returns the same. Called by one of its recorders, or in a callback of any, it does nothing.
    std::vector<RoomRecorderResult> close();

 private:
    class Impl;
    explicit Room(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake
