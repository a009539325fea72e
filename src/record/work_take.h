#pragma once

#include <onetake/metrics.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

class Recording;

/// The file that a recorder made from a work take, and what was kept.
struct WorkTakeFile {
    std::string path;  ///< empty: there is none
    std::string take;  ///< folder of the take, where it was kept
    std::uint64_t bytes = 0;
    double duration_s = 0;
    int width = 0, height = 0;
    std::vector<std::string> notes, failures;
};

/// Reads the file back and removes the take where the file has all of it, unless `keep_take`; else closes it
/// (Recording::keep()). `take`: of finish_take(). `failures`: so far; with one, the take is kept.
WorkTakeFile settle_work_take(Recording& recording, const std::string& storage, TakeResult& take, bool keep_take,
                              std::vector<std::string> failures);

}  // namespace onetake
