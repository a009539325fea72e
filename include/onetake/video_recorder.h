#pragma once

#include <onetake/config.h>
#include <onetake/event.h>
#include <onetake/image.h>
#include <onetake/metrics.h>
#include <onetake/progress.h>
#include <onetake/result.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace onetake {

/// What the bytes of a VideoFrame are.
enum class VideoFrameFormat {
    raw_bgr24,
    raw_rgb24,
    raw_gray8,
    raw_nv12,
    raw_i420,
    jpeg,
    h264,  ///< this and the following are not decoded: such frames are skipped, and counted
    h265,
    vp8,
    vp9,
    av1,
};
ONETAKE_API std::string_view to_string(VideoFrameFormat format);

/// One frame for a video recorder; borrows its bytes.
struct VideoFrame {
    VideoFrameFormat format = VideoFrameFormat::raw_bgr24;
    int width = 0, height = 0;  ///< pixels; not used for compressed frames
    int stride = 0;             ///< bytes from one row to the next of the first plane; 0: rows without padding
    std::span<const std::uint8_t> bytes;
    /// Instant of capture, seconds on CLOCK_MONOTONIC. Unset: 1/fps after the frame before.
    std::optional<double> t;
    PixelRange range = PixelRange::full;      ///< of YUV and gray frames
    PixelMatrix matrix = PixelMatrix::bt601;  ///< of YUV frames; files have BT.601, to which others are converted
};

/// How video recorders store what they are given.
struct VideoRecordingConfig {
    std::string storage = "./recordings";           ///< folder of the files; made if missing
    ContainerFormat format = ContainerFormat::mp4;  ///< mp4, mkv or avi, which has a constant frame rate only
    /// "auto": h264_nvenc where it opens, else libx264; or the name of an encoder of libavcodec.
    std::string codec = "auto";
    double fps = 15.0;                          ///< nominal, and the rate of frames without a stamp
    std::string preset = "veryfast";            ///< the encoder's preset
    int crf = 23;                               ///< constant quality; used where bitrate is 0
    int bitrate = 0;                            ///< bits/s; 0: by crf
    double keyframe_s = 2;                      ///< most between two keyframes
    PixelRange pixel_range = PixelRange::full;  ///< of the file
    int queue_size = 64;                        ///< frames that may be queued for the encoder; at most 1 s of them
    OnFull on_full = OnFull::drop;              ///< when the queue is full
    bool keep_take = false;                     ///< keep the take that the file was made from
};

/// Names a recording that was started. Copies name the same one; an empty handle names none.
struct VideoRecordingHandle {
    std::string session_id;
    std::uint64_t number = 0;  ///< unique among the recordings of a recorder, from 1
};

/// What became of a recording: tapped = frames + dropped + skipped + surplus + refused + lost.
struct VideoRecordingResult {
    std::string session_id;
    std::string path;  ///< of the file; empty: there is none
    std::string take;  ///< folder of the take, where it was kept
    std::uint64_t bytes = 0;
    double duration_s = 0;                 ///< of the media
    std::string codec;                     ///< the encoder that was used: "libx264"; empty without a frame
    int width = 0, height = 0;             ///< of the file, pixels
    std::uint64_t tapped = 0;              ///< frames received, of any kind
    std::uint64_t frames = 0;              ///< in the file
    std::uint64_t dropped = 0;             ///< the queue was full
    std::uint64_t skipped = 0;             ///< compressed frames
    std::uint64_t surplus = 0;             ///< AVI: another frame has the same place at the constant rate
    std::uint64_t refused = 0;             ///< with a stamp that does not increase, or damaged
    std::uint64_t lost = 0;                ///< in an encoder that failed, or on a full disk
    double loss_bound_s = kNotApplicable;  ///< most that a kill loses, at the nominal rate
    std::vector<std::string> notes;        ///< fallbacks and changes, a line each
    std::vector<std::string> failures;     ///< what was asked for and not done, and why, a line each
};
/// The result as one JSON object; NaN becomes null.
ONETAKE_API std::string to_json(const VideoRecordingResult& result);

/// Checks all fields. The error names the first field out of range, its value and what is allowed.
ONETAKE_API Status validate(const VideoRecordingConfig& config);

/// What records the frames of sessions: VideoRecorder, MockVideoRecorder, or a program's own. All calls from any number
/// of threads.
class ONETAKE_API VideoRecorderInterface {
 public:
    virtual ~VideoRecorderInterface();
    virtual Result<VideoRecordingHandle> start(const std::string& session_id) = 0;
    /// Takes a frame. `owner` keeps its bytes valid and unchanged until it is released; without it, they are copied.
    virtual Status tap_frame(const VideoRecordingHandle& handle, const VideoFrame& frame,
                             std::shared_ptr<const void> owner = {}) = 0;
    virtual Result<VideoRecordingResult> stop(const VideoRecordingHandle& handle) = 0;
    /// Stops every recording; the results, in the order of their start. No recording can be started afterwards.
    virtual std::vector<VideoRecordingResult> close() = 0;

 protected:
    VideoRecorderInterface() = default;
    VideoRecorderInterface(const VideoRecorderInterface&) = default;
    VideoRecorderInterface& operator=(const VideoRecorderInterface&) = default;
};

/// Records single video streams, a file for each session, several at a time: frames are encoded at once into a take
/// `.<name>.take` in `storage`, which survives a crash, and copied from there to the file while they come. The take is
/// removed when the file is complete. Files are named `<session_id>_<YYYYMMDDTHHMMSS>.<ext>` in UTC, with "_2" and so
/// on in the same second; characters of the id that are unsafe in names become "_".
///
/// Ownership: owns threads and files of its recordings; a destroyed recorder stops them. Threads: all calls from any
/// number of threads; stop() of one recording holds up no other. Callbacks: as those of AVRecorder.
class ONETAKE_API VideoRecorder final : public VideoRecorderInterface {
 public:
    using SessionEventCallback = std::function<void(const VideoRecordingHandle&, const RecorderEvent&)>;

    /// Checks the configuration. Errors: invalid_argument.
    static Result<std::unique_ptr<VideoRecorder>> create(VideoRecordingConfig config = {});
    VideoRecorder(const VideoRecorder&) = delete;
    VideoRecorder& operator=(const VideoRecorder&) = delete;
    ~VideoRecorder() override;

    /// Opens the encoder once, to prove that it works here, and begins. Errors: wrong_state after close();
    /// invalid_argument for an empty session_id; missing_part, unsupported for an encoder that can't be used here;
    /// those of the folder; no_space.
    Result<VideoRecordingHandle> start(const std::string& session_id) override;
    /// The same from a camera or the test source, as `source` says; tap_frame() is then refused. Errors: also those of
    /// the camera.
    Result<VideoRecordingHandle> start(const std::string& session_id, const VideoTrackConfig& source);
    /// The first frame determines the size of the file: an odd one is padded by one pixel in 4:2:0, and a frame of
    /// another size is scaled to fit, both with a note. Compressed frames are skipped, JPEGs decoded. A frame that is
    /// dropped because the queue is full is counted, not an error. Errors: not_found for an unknown handle; refused for
    /// a stamp that does not increase and for damaged frames, counted; no_space once the disk is full, counted as lost.
    Status tap_frame(const VideoRecordingHandle& handle, const VideoFrame& frame,
                     std::shared_ptr<const void> owner = {}) override;
    /// Ends a recording and finishes its file. What could not be done is in the result's `failures`; the take is then
    /// kept. Without any frame there is no file. The result of an unknown handle is empty. Errors: io if nothing is
    /// left.
    Result<VideoRecordingResult> stop(const VideoRecordingHandle& handle) override;
    std::vector<VideoRecordingResult> close() override;

    /// start() with a source, wait for `duration_s`, for a request of `stop`, or for a full disk; stop().
    Result<VideoRecordingResult> record(const std::string& session_id, const VideoTrackConfig& source,
                                        double duration_s, std::stop_token stop = {});

    /// Called with every event of every recording, in order. Set while nothing is recorded.
    void on_event(SessionEventCallback callback);
    /// Called about twice a second during record(). Set while nothing is recorded.
    void on_progress(ProgressCallback callback);
    const VideoRecordingConfig& config() const;

 private:
    class Impl;
    explicit VideoRecorder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Keeps the frames in memory, for tests of programs that record. start(), tap_frame() and stop() succeed unless told
/// otherwise; the result has the counts, no file.
class ONETAKE_API MockVideoRecorder final : public VideoRecorderInterface {
 public:
    struct Frame {
        VideoRecordingHandle handle;
        VideoFrame frame;                 ///< its bytes are those of `bytes`
        std::vector<std::uint8_t> bytes;  ///< a copy
    };

    MockVideoRecorder();
    MockVideoRecorder(const MockVideoRecorder&) = delete;
    MockVideoRecorder& operator=(const MockVideoRecorder&) = delete;
    ~MockVideoRecorder() override;

    Result<VideoRecordingHandle> start(const std::string& session_id) override;
    Status tap_frame(const VideoRecordingHandle& handle, const VideoFrame& frame,
                     std::shared_ptr<const void> owner = {}) override;
    Result<VideoRecordingResult> stop(const VideoRecordingHandle& handle) override;
    std::vector<VideoRecordingResult> close() override;

    /// Copies of all frames so far, in order.
    std::vector<Frame> frames() const;
    /// Results of all recordings that were stopped, in order.
    std::vector<VideoRecordingResult> results() const;
    /// Later calls of start() fail with this error; empty: they succeed.
    void fail_starts(std::optional<Error> error);

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The video of one session at a time, with the recorders that record it: bind() starts them, unbind() stops them.
/// Thread-safe.
class ONETAKE_API VideoChannel {
 public:
    VideoChannel();
    explicit VideoChannel(std::shared_ptr<VideoRecorderInterface> recorder);
    VideoChannel(const VideoChannel&) = delete;
    VideoChannel& operator=(const VideoChannel&) = delete;
    /// Unbinds.
    ~VideoChannel();

    /// Records from the next bind() on.
    void add_recorder(std::shared_ptr<VideoRecorderInterface> recorder);
    /// Binds a session and starts every recorder, or none. Errors: wrong_state while bound; the first recorder's that
    /// can't start.
    Status bind(const std::string& session_id);
    /// Gives a frame to every recorder; while no session is bound, to none. Errors: the first recorder's; the others
    /// got the frame all the same.
    Status push(const VideoFrame& frame);
    /// Stops the recorders; the results in their order. Empty if no session is bound. Errors of stop() are in
    /// `failures`.
    std::vector<VideoRecordingResult> unbind();
    bool is_bound() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A recording whose program was killed, and what became of it.
struct RecoveredRecording {
    std::string take;                   ///< its folder, `.<name>.take`
    std::string path;                   ///< of the file that was made; empty: none
    std::vector<std::string> steps;     ///< what was done, one line each
    std::vector<std::string> failures;  ///< what could not be done, one line each; the take is then kept
};

/// Recovers the recordings in a storage folder that a killed program left there: each becomes the file that it would
/// have been. Those that are being recorded are left alone. Errors: not_found, io of the folder.
ONETAKE_API Result<std::vector<RecoveredRecording>> recover_recordings(const std::string& storage);

}  // namespace onetake
