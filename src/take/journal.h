#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "media/source.h"
#include "take/take_files.h"

#include <onetake/loss_cause.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The records of a take's journal and their JSON lines (docs/take-format.md).
namespace onetake {

struct TakeRecord {
    int format = kFormatOfFrames;
    std::string name, program;
    std::string created;  ///< ISO 8601, UTC
    HostTime start;
    std::string config_json = "{}";
    std::string id = {};  ///< unique; empty in takes from before there were ids
};

/// The `device` of imported tracks.
inline constexpr const char* kImportDevice = "import";

struct TrackRecord {
    TrackId track;
    std::string path;  ///< relative to the take's folder
    VideoDescription video;
    AudioDescription audio;
    TrackStore store = TrackStore::jpeg;  ///< of video
    DataDescription data = {};
};

/// A part of an encoded track: the output of one encoder.
struct PartRecord {
    TrackId track;
    int number = 1;                  ///< from 1
    HostTime begin;                  ///< stamp of the part's time 0
    std::uint64_t header_bytes = 0;  ///< in front of the first cluster
    /// Codec, size, pixel format, and the decoder configuration as extradata. The colour is the track's.
    StreamParams params;
    std::string encoder;      ///< "libx264"
    int threads = 0;          ///< of the encoder
    double loss_bound_s = 0;  ///< most that a kill loses of the track, at its nominal frame rate
};

struct ClockRecord {
    ClockReading reading;
};

/// Where the packet of a frame is, in an encoded track.
struct PacketPlace {
    int part = 1;
    std::uint64_t offset = 0;  ///< of its first byte
    bool key = false;

    bool operator==(const PacketPlace&) const = default;
};

struct FrameRecord {
    TrackId track;
    std::int64_t number = 0;  ///< from 1
    FrameStamp stamp;
    std::uint64_t bytes = 0;                 ///< of the JPEG or packet
    std::optional<PacketPlace> packet = {};  ///< of an encoded track
};

struct BlockRecord {
    TrackId track;
    std::int64_t first_sample = 0;  ///< per channel
    std::int64_t samples = 0;       ///< per channel
    HostTime time, arrival;
    StampSource source = StampSource::arrival;
    bool xrun = false;
};

/// A packet of a data track.
struct DataRecord {
    TrackId track;
    std::int64_t number = 0;  ///< from 1
    HostTime time, arrival;
    StampSource source = StampSource::pushed;
    std::uint64_t bytes = 0;   ///< 1 to kLargestData
    std::uint64_t offset = 0;  ///< of its first byte in the track's file
    std::uint32_t crc = 0;     ///< CRC-32 of its bytes
};

struct DropRecord {
    TrackId track;
    LossCause cause = LossCause::queue;  ///< one of the first kRecordedLossCauses
    std::uint64_t count = 0;             ///< frames, samples per channel, or data packets
    HostTime time;
    std::string text;
    /// Number of the first of them, if they had been stored and recorded before they were lost.
    std::optional<std::int64_t> first = {};
    /// Capture times of the first and the last of them; unset in takes of earlier versions.
    std::optional<HostTime> from = {}, to = {};
};

/// What feeds a track has left; media after it begin the track again.
struct TrackEndRecord {
    TrackId track;
    HostTime time;
};

struct EventRecord {
    std::optional<TrackId> track;
    std::string event;  ///< "stall", "resumed", "device_lost", "note"
    HostTime time;
    std::string text;
};

/// A text at an instant of the take. Control characters are spaces.
struct MarkRecord {
    HostTime time, arrival;
    std::string text;
};

/// The constant delay of a take's audio relative to its video. Rendering compensates it.
struct OffsetRecord {
    TrackId video, audio;
    Duration offset{};   ///< positive: audio is late; at most kMostOffset in magnitude
    std::string source;  ///< "calibration": measured before; "configured": from latency_offset_ms
};
inline constexpr Duration kMostOffset = std::chrono::seconds(10);

struct EndRecord {
    HostTime time;
    std::string reason = "stopped";
    std::uint64_t frames = 0, samples = 0;
    double duration_s = 0;
    std::uint64_t packets = 0;  ///< of data tracks
};

/// A stream of a recording's chunks (docs/chunks.md).
struct ChunkStream {
    TrackId track;
    std::string name;           ///< as the program named it
    std::string encoder;        ///< "flac", "libx264"; stored of audio only
    std::int64_t bit_rate = 0;  ///< of audio, bits/s; lossless codecs ignore it
    StreamParams params = {};   ///< of video: codec, size, pixel format, decoder configuration, colour
    std::vector<std::pair<std::string, std::string>> metadata = {};  ///< of the stream, in the chunks' headers
};

/// The take's media go into chunks. Before its first media.
struct ChunksRecord {
    HostTime origin;                           ///< time 0 of the first chunk, and of the take
    std::chrono::milliseconds length{60'000};  ///< of a chunk
    std::vector<ChunkStream> streams;          ///< in the order of the chunks' files
};

/// A chunk has begun, or its file is complete.
struct ChunkRecord {
    std::int64_t number = 1;
    std::string id;  ///< its file is `<id>.mkv`
    bool finished = false;
};

using JournalRecord =
    std::variant<TakeRecord, TrackRecord, PartRecord, OffsetRecord, ClockRecord, FrameRecord, BlockRecord, DataRecord,
                 DropRecord, TrackEndRecord, EventRecord, MarkRecord, EndRecord, ChunksRecord, ChunkRecord>;

/// Appends the record to `line` as a line, including `\n`.
void append_line(const JournalRecord& record, std::string& line);
/// The record of a line without its `\n`. Empty for an unknown kind; an error if it is not a record, a key is missing
/// or a value invalid. Never throws, whatever the bytes.
Result<std::optional<JournalRecord>> parse_line(std::string_view line);

/// Largest magnitude of a media stamp: 95 years. Others are rejected when writing and reading.
inline constexpr Duration kFarthestMedia{3'000'000'000'000'000'000};

}  // namespace onetake
