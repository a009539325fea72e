#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <string>

namespace onetake {

/// Bytes here, bytes in all (0: unknown). False: stop.
using DownloadProgress = std::function<bool(std::uint64_t, std::uint64_t)>;

/// Fetches `url` into `part_path`, going on at the end of what is there, as long as the server still has the same file:
/// what it said of the file's version is kept in `part_path` + ".version". Errors: io for everything the network does,
/// naming the host and what to do; cancelled; no_space; missing_part without libcurl. The part stays for another try.
Status http_download(const std::string& url, const std::string& part_path, const DownloadProgress& on_progress);

}  // namespace onetake
