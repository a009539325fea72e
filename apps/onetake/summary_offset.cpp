#include "summary.h"
#include "units.h"

#include <cmath>
#include <fmt/format.h>
#include <iterator>

namespace onetake::cli {

std::string summary(const OffsetReport& r) {
    std::string text;
    auto out = std::back_inserter(text);
    const double size = std::abs(r.offset_ms);
    if (size <= r.error_ms)
        fmt::format_to(out, "Audio and video are in sync within {:.1f} ms\n", r.error_ms);
    else
        fmt::format_to(out, "Audio is {} by {:.1f} ms\n", r.offset_ms > 0 ? "late" : "early", size);
    fmt::format_to(out, "  offset        {} ms, ± {:.1f} ms (positive: audio late)\n", signed_text(r.offset_ms, 2),
                   r.error_ms);
    fmt::format_to(out, "  pairs         {} of flash and beep, {} left out; scatter {:.1f} ms\n", r.pairs, r.left_out,
                   r.scatter_ms);
    fmt::format_to(out, "  camera        {}  {} {}x{} {:.4g} fps\n", r.camera, r.fourcc, r.width, r.height, r.fps);
    fmt::format_to(out, "  microphone    {}\n", r.microphone);
    if (!r.stored_in.empty())
        fmt::format_to(out, "  stored in     {}: later takes with these devices are corrected by it\n", r.stored_in);
    for (const auto& note : r.notes)
        fmt::format_to(out, "  note          {}\n", wrapped(note, kSummaryWidth, kSummaryColumn));
    return text;
}

}  // namespace onetake::cli
