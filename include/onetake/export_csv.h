#pragma once

#include <onetake/export.h>
#include <onetake/result.h>

#include <string>
#include <vector>

namespace onetake {

struct ExportCsvOptions {
    std::string folder;    ///< for the files; created
    bool replace = false;  ///< false: files that are there are an error
};

/// Writes a take's journal as tables: frames.csv, blocks.csv and events.csv. Every time in whole nanoseconds, with the
/// wall time by the clocks read when the take began, and the file that holds the media. Memory does not grow with the
/// take. Returns the paths. Errors: those of the take (not_found, refused, corrupt) and of the files; already_exists.
ONETAKE_API Result<std::vector<std::string>> export_csv(const std::string& take_folder,
                                                        const ExportCsvOptions& options);

}  // namespace onetake
