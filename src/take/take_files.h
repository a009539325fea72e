#pragma once

#include "base/error.h"
#include "media/packet.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The paths in a take; defined only here (docs/take-format.md).
namespace onetake {

inline constexpr int kFormatOfFrames = 1;      ///< of takes without an encoded track
inline constexpr int kFormatOfPackets = 2;     ///< of takes with one
inline constexpr int kFormatOfData = 3;        ///< of takes with a data track
inline constexpr int kFormatOfLateTracks = 4;  ///< of takes whose tracks may come and go: the newest
inline constexpr int kNewestFormat = kFormatOfLateTracks;
inline constexpr const char* kJournalName = "timeline.jsonl";
inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kReserveName = ".reserve";

/// One track of a take: "v1", "a2", "d1".
struct TrackId {
    TrackKind kind = TrackKind::video;
    int number = 1;  ///< from 1
    bool operator==(const TrackId&) const = default;
};
std::string to_string(TrackId id);
std::optional<TrackId> track_id_from(std::string_view text);

/// Error for a name that is not a single plain path component.
Status check_take_name(std::string_view name);

/// The name of the take in which a recorder keeps what goes into a file, until that is complete: ".<name of the
/// file>.take".
std::string work_take_name(std::string_view file);
/// The name of a take's output file, without the extension: the take's, or that in work_take_name().
std::string_view output_name(std::string_view take);
bool is_work_take(std::string_view take);

/// `<data_dir>/<name>`.
std::string take_folder(const std::string& data_dir, const std::string& name);

/// How a video track is stored.
enum class TrackStore {
    jpeg,     ///< a file per frame
    encoded,  ///< packets of a video encoder, in parts
};

/// Path of a track relative to its take: "frames", "video" (encoded), "audio.wav", "data.bin", "v2/frames",
/// "a2/audio.wav", "d2/data.bin".
std::string track_path(TrackId id, TrackStore store = TrackStore::jpeg);

/// File name of frame `n` (from 1) in its track's folder: "f_000001.jpg".
std::string frame_file(std::int64_t n);
/// The number of a frame's file name; empty for any other name.
std::optional<std::int64_t> frame_number(std::string_view file_name);

/// File name of part `n` (from 1) in its track's folder: "p_0001.mkv".
std::string part_file(std::int64_t n);
/// The number of a part's file name; empty for any other name.
std::optional<std::int64_t> part_number(std::string_view file_name);

/// Whether a file in a take's folder exists only after a crash: the reserve, an incomplete manifest or journal.
bool is_stale_file(std::string_view file_name);

}  // namespace onetake
