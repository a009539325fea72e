// A manifest: its header and its metrics, complete and cut off.

#include "take/manifest.h"
#include "take/metrics_json.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto head = onetake::parse_manifest_head(text);
    if (!head) return 0;
    // What was read can be written, and reads the same.
    const auto written = onetake::metrics_json(head->metrics);
    const auto again = onetake::metrics_json(onetake::metrics_from_json(written));
    using nlohmann::ordered_json;
    if (written.dump(-1, ' ', false, ordered_json::error_handler_t::replace) !=
        again.dump(-1, ' ', false, ordered_json::error_handler_t::replace))
        std::abort();
    return 0;
}
