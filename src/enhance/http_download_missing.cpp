#include "enhance/http_download.h"

#include <fmt/format.h>

namespace onetake {

Status http_download(const std::string& url, const std::string& part_path, const DownloadProgress&) {
    return fail(ErrorCode::missing_part,
                fmt::format("This build can't download: it was built without libcurl. Download {} with another "
                            "program, and set the file in denoise_model (it would have been {}).",
                            url, part_path));
}

}  // namespace onetake
