#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "media/source.h"
#include "take/take_files.h"

#include <onetake/loss_cause.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The records of a take's journal and their spelling as lines of JSON (docs/take-format.md).
namespace onetake {

struct TakeRecord {
    int format = kTakeFormat;
    std::string name, program;
    std::string created;  ///< ISO 8601, UTC
    HostTime start;
    std::string config_json = "{}";
};

/// In place of a device, of tracks that were imported.
inline constexpr const char* kImportDevice = "import";

struct TrackRecord {
    TrackId track;
    std::string path;  ///< below the take
    VideoDescription video;
    AudioDescription audio;
};

struct ClockRecord {
    ClockReading reading;
};

struct FrameRecord {
    TrackId track;
    std::int64_t number = 0;  ///< from 1
    FrameStamp stamp;
    std::uint64_t bytes = 0;
};

struct BlockRecord {
    TrackId track;
    std::int64_t first_sample = 0;  ///< per channel
    std::int64_t samples = 0;       ///< per channel
    HostTime time, arrival;
    StampSource source = StampSource::arrival;
    bool xrun = false;
};

struct DropRecord {
    TrackId track;
    LossCause cause = LossCause::queue;  ///< one of the first kRecordedLossCauses
    std::uint64_t count = 0;             ///< frames, or samples per channel
    HostTime time;
    std::string text;
    /// Number of the first of them, if they were stored and named before they were lost.
    std::optional<std::int64_t> first = {};
};

struct EventRecord {
    std::optional<TrackId> track;
    std::string event;  ///< "stall", "resumed", "device_lost", "note"
    HostTime time;
    std::string text;
};

/// How much later than its pictures a take's sound is, as far as that is constant. Rendering moves it back.
struct OffsetRecord {
    TrackId video, audio;
    Duration offset{};   ///< positive: sound is late; at most kMostOffset either way
    std::string source;  ///< "calibration": measured before; "configured": told by latency_offset_ms
};
inline constexpr Duration kMostOffset = std::chrono::seconds(10);

struct EndRecord {
    HostTime time;
    std::string reason = "stopped";
    std::uint64_t frames = 0, samples = 0;
    double duration_s = 0;
};

using JournalRecord = std::variant<TakeRecord, TrackRecord, OffsetRecord, ClockRecord, FrameRecord, BlockRecord,
                                   DropRecord, EventRecord, EndRecord>;

/// The record as a line, `\n` included, appended to `line`.
void append_line(const JournalRecord& record, std::string& line);
/// The record of a line without its `\n`. Empty for a kind that is not known; an error if it is no record at all, a key
/// is missing or a value senseless. Never throws, whatever the bytes.
Result<std::optional<JournalRecord>> parse_line(std::string_view line);

/// The farthest from 0 that a stamp of media may be, either way: 95 years. Others are refused, written or read.
inline constexpr Duration kFarthestMedia{3'000'000'000'000'000'000};

}  // namespace onetake
