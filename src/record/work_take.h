#pragma once

#include <onetake/metrics.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onetake {

/// The file that a recorder made from a work take, and what was kept.
struct WorkTakeFile {
    std::string path;  ///< empty: there is none
    std::string take;  ///< folder of the take, where it was kept
    std::uint64_t bytes = 0;
    double duration_s = 0;
    int width = 0, height = 0;
    std::vector<std::string> notes, failures;
};

/// Reads the file back and removes the take where the file has all of it, unless `keep_take`. `failures`: so far; with
/// one, the take is kept.
WorkTakeFile settle_work_take(const std::string& storage, const TakeResult& take, bool keep_take,
                              std::vector<std::string> failures);

}  // namespace onetake
