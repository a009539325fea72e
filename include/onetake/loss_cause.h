#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace onetake {

/// Why a frame or a sample is not in a take. The first four are counted while recording, the others found later.
enum class LossCause {
    queue,      ///< a queue was full
    driver,     ///< lost before it reached this process
    corrupt,    ///< arrived damaged, or could not be encoded
    disk,       ///< could not be written
    missing,    ///< stored, but its file is missing
    cut_short,  ///< stored, but its file ends too early
    damaged,    ///< stored, but no complete JPEG any more, or not the packet that was stored
    altered,    ///< a complete JPEG, but not the one that was stored
    no_record,  ///< stored, but the journal has no time for it
};

struct LossCauseInfo {
    LossCause cause;
    std::string_view name;  ///< in journals and JSON
    std::string_view text;  ///< for people, after "3 frames"
};

/// Every cause, in the order of the enum.
inline constexpr std::array<LossCauseInfo, 9> kLossCauses{{
    {LossCause::queue, "queue", "dropped, the queue was full"},
    {LossCause::driver, "driver", "lost by the device"},
    {LossCause::corrupt, "corrupt", "damaged before being stored"},
    {LossCause::disk, "disk", "could not be written"},
    {LossCause::missing, "missing", "missing"},
    {LossCause::cut_short, "short", "truncated"},
    {LossCause::damaged, "damaged", "damaged on the disk"},
    {LossCause::altered, "altered", "replaced: not what was stored"},
    {LossCause::no_record, "no_record", "without a timestamp"},
}};
/// The causes that are counted while recording and named by `drop` records: the first of kLossCauses.
inline constexpr std::size_t kRecordedLossCauses = 4;

constexpr const LossCauseInfo& loss_cause_info(LossCause cause) {
    return kLossCauses[static_cast<std::size_t>(cause)];
}
constexpr std::string_view to_string(LossCause cause) {
    return loss_cause_info(cause).name;
}

}  // namespace onetake
