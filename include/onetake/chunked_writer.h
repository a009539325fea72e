#pragma once

#include <onetake/config.h>
#include <onetake/event.h>
#include <onetake/metrics.h>
#include <onetake/progress.h>
#include <onetake/result.h>
#include <onetake/stream_config.h>
#include <onetake/track_spec.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace onetake {

/// What the seconds of stamps are.
enum class StampClock {
    monotonic,  ///< CLOCK_MONOTONIC
    realtime,   ///< since 1970 UTC; mapped once, when the writer starts
};

struct ChunkedWriterConfig {
    std::string name;              ///< of the recording: its chunks are in `output_directory`/`name`
    std::string output_directory;  ///< made if missing
    /// Each with its name; together with the sensors' they are in this order in the files.
    std::vector<std::pair<std::string, std::variant<VideoStreamConfig, AudioStreamConfig>>> stream_configs;
    std::vector<std::pair<std::string, DataStreamConfig>> sensor_stream_configs = {};
    /// Called when a chunk begins, with the recording's name, the chunk's time 0 in seconds since 1970 UTC, and the
    /// extension of its file (".mkv"): returns its id, the file's name without the extension. Empty, or an id that
    /// can't be used: five digits, the chunk's number. On a thread of the writer's; after 5 s it is not waited for.
    std::function<std::string(const std::string&, double, const std::string&)> start_chunk_callback = {};
    double chunk_length_s = 60.0;      ///< rounded to milliseconds
    int max_encoder_queue_size = 200;  ///< frames per video stream that may be queued for its encoder
    /// Called once for a stream whose encoder failed, on a thread of the writer's.
    std::function<void(const std::string& stream)> on_error = {};

    StampClock clock = StampClock::monotonic;
    /// A stream that delivers nothing for so long is not waited for; what comes later for chunks that are finished is
    /// refused, and counted.
    double stall_timeout_s = 10;
    EventCallback on_event = {};  ///< what a person should know, in order, on a thread of the writer's
};

/// What became of a stream: pushed = written + dropped + refused + lost. Frames, packets, or samples per channel.
struct ChunkedStream {
    std::string name;
    std::string kind;   ///< "video", "audio", "data"
    std::string codec;  ///< the encoder: "libx264", "flac"; "ass" of data
    std::uint64_t pushed = 0;
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;  ///< the queue was full
    std::uint64_t refused = 0;  ///< stamps not later than the one before, before the origin, or of a finished chunk
    std::uint64_t lost = 0;     ///< in an encoder that failed, on a full disk, or too late for its chunk
};

struct WrittenChunk {
    std::string id;
    double start_s = 0;     ///< its time 0, from the recording's origin
    double duration_s = 0;  ///< of its media
    std::uint64_t bytes = 0;
};

struct ChunkedResult {
    std::string directory;             ///< of the chunks: each is `<id>.mkv`
    std::string recording;             ///< unique among all recordings; in every chunk's tags
    double duration_s = 0;             ///< of the media, from the origin
    std::vector<WrittenChunk> chunks;  ///< in order
    std::vector<ChunkedStream> streams;
    std::string take;                   ///< folder of what is not in chunks; empty: all is
    std::vector<std::string> notes;     ///< a line each
    std::vector<std::string> failures;  ///< what was asked for and not done, and why, a line each

    /// Whether anything that was pushed is missing, apart from what was refused.
    ONETAKE_API bool lossy() const;
};
/// The result as one JSON object.
ONETAKE_API std::string to_json(const ChunkedResult& result);

/// The queue in front of a stream's encoder. Valid as long as its writer. Thread-safe.
class ONETAKE_API EncoderQueue {
 public:
    /// As ChunkedWriter::push().
    Status put(std::span<const std::uint8_t> bytes, double timestamp_s, std::shared_ptr<const void> owner = {},
               int stride = 0);
    Status put(std::span<const std::int16_t> samples, double timestamp_s);
    Status put(std::span<const float> samples, double timestamp_s);
    /// Frames, blocks or packets that are queued, or being encoded and stored.
    int size() const;
    /// Most of them: what comes then is dropped.
    int capacity() const;
    const std::string& stream() const;

 private:
    friend class ChunkedWriter;
    EncoderQueue(class ChunkedWriterImpl& writer, std::size_t index) : writer_(&writer), index_(index) {}
    class ChunkedWriterImpl* writer_;
    std::size_t index_;
};

/// Records several streams of video, audio and data in chunks: Matroska files of a fixed length (docs/chunks.md). All
/// streams share one timeline, which begins with the first that is pushed. Chunks are finished in the background; no
/// encoder is opened anew for a chunk, and no stream waits for another one. What was pushed survives a kill: `onetake
/// recover` makes the chunks that are missing.
///
/// Ownership: owns its threads and files; a destroyed writer stops. Threads: push(), mark() and the queues from any
/// number of threads; the other calls from one.
class ONETAKE_API ChunkedWriter {
 public:
    /// Checks the configuration. Errors: invalid_argument.
    static Result<std::unique_ptr<ChunkedWriter>> create(ChunkedWriterConfig config);
    ChunkedWriter(const ChunkedWriter&) = delete;
    ChunkedWriter& operator=(const ChunkedWriter&) = delete;
    ~ChunkedWriter();

    /// Opens the encoders and makes the folder. Once. Errors: already_exists if there are chunks in it; missing_part,
    /// unsupported, invalid_argument of an encoder or its options; those of the folder; wrong_state.
    Status start();
    /// Pushes one frame of a video stream, or one packet of a data stream: 1 byte to 16 MiB. `owner` keeps the bytes
    /// valid and unchanged until it is released; without it they are copied. `stride`: bytes from one row to the next,
    /// 0 for rows without padding. What is dropped because the queue is full is counted, not an error. Never blocks.
    /// Errors: not_found for an unknown stream; invalid_argument for bytes of another kind or size; refused for a stamp
    /// that is not later than the stream's last, before the recording's origin, of a chunk that is finished, or over 24
    /// h from now, counted; no_space once the disk is full; wrong_state before start() and after stop().
    Status push(std::string_view stream, std::span<const std::uint8_t> bytes, double timestamp_s,
                std::shared_ptr<const void> owner = {}, int stride = 0);
    /// Pushes audio, interleaved; `timestamp_s` of its first sample.
    Status push(std::string_view stream, std::span<const std::int16_t> samples, double timestamp_s);
    Status push(std::string_view stream, std::span<const float> samples, double timestamp_s);
    /// The stream's queue, after start(). Errors: not_found; wrong_state.
    Result<EncoderQueue> get_encoder_queue(std::string_view stream);
    /// Whether the stream is one of `sensor_stream_configs`.
    bool is_data_stream(std::string_view stream) const;
    /// Sets a marker: a chapter of the chunk that it falls into, and a cue in a WebVTT file beside it. `onetake mark`
    /// does so from another process. Errors: AVRecorder::mark()'s.
    Status mark(std::string_view text, double timestamp_s);
    /// Ends the recording and finishes all chunks. What could not be done is in the result's `failures`. Errors:
    /// wrong_state if it was not started; io if nothing is left.
    Result<ChunkedResult> stop(const ProgressCallback& on_progress = {});

 private:
    explicit ChunkedWriter(std::unique_ptr<class ChunkedWriterImpl> impl);
    std::unique_ptr<class ChunkedWriterImpl> impl_;
};

/// A recording of devices in chunks.
struct ChunkRecordingConfig {
    std::string directory;  ///< of the chunks; made if missing
    double chunk_length_s = 60.0;
    std::string audio_codec = "flac";
    /// Sources, and how video is compressed (`store`, whose codec "jpeg" means "auto"); data_dir is not used.
    RecorderConfig recorder;
    /// Where there are any, they are the sources instead, each stream with its track's name: cameras, microphones and
    /// test sources with the settings of the recorder's first of a kind. Files alone are read as fast as the encoder
    /// goes, and end the recording.
    std::vector<TrackSpec> tracks = {};
};

/// Records for `duration_s`, or until `stop` is requested or the disk is full. Errors: as ChunkedWriter's, and those of
/// the devices.
ONETAKE_API Result<ChunkedResult> record_chunks(const ChunkRecordingConfig& config, double duration_s,
                                                std::stop_token stop = {}, const ProgressCallback& on_progress = {},
                                                const EventCallback& on_event = {});

}  // namespace onetake
