#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace onetake {

/// Bytes downloaded, total bytes (0: unknown).
using DownloadProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Downloads `url` into `part_path`, resuming at its end if the server still has the same version of the file, which is
/// recorded in `part_path` + ".version". Errors: io for all network errors, naming the URL and what to do; cancelled;
/// no_space; missing_part without libcurl. On error the part is kept for another attempt.
Status http_download(const std::string& url, const std::string& part_path, const DownloadProgress& on_progress,
                     std::stop_token cancel);

}  // namespace onetake
