// A track as written on a command line or in a file, the URLs in it, and a participant's name.

#include "base/redact.h"
#include "mix/display_name.h"

#include <onetake/track_spec.h>

#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto specs = onetake::parse_track_specs(text))
        for (const auto& spec : *specs) {
            if (spec.name.empty() || spec.join_s < 0 || (spec.leave_s && *spec.leave_s <= spec.join_s)) std::abort();
            if (spec.kind == onetake::TrackSpec::Kind::rtsp && spec.source.find("://") == spec.source.npos)
                std::abort();
            onetake::shown_source(spec);
        }
    // What was hidden once stays as it is.
    const auto hidden = onetake::redacted(text);
    if (onetake::redacted(hidden) != hidden) std::abort();
    const auto name = onetake::display_name(text);
    if (onetake::display_name(name) != name) std::abort();
    return 0;
}
