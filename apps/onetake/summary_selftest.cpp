#include "summary.h"

#include <fmt/format.h>
#include <iterator>

namespace onetake::cli {

std::string summary(const SelftestReport& r) {
    std::string text = fmt::format("onetake {} {}\n", version(), r.passed() ? "works here" : "does NOT work here");
    auto out = std::back_inserter(text);
    for (const auto& check : r.checks)
        fmt::format_to(out, "  {}  {:<12}{}\n", check.passed ? "ok  " : "FAIL", check.name, check.detail);
    fmt::format_to(out, "\n  {:<19}{:.0f} MB/s, synced\n", "disk", r.disk_mb_per_s);
    for (const auto& part : r.capabilities)
        fmt::format_to(out, "  {:<19}{}{}\n", part.name, part.found ? "" : "missing: ", part.detail);
    for (const auto& camera : r.cameras)
        fmt::format_to(out, "  {:<19}{} {}{}\n", "camera", camera.path, camera.name,
                       camera.problem.empty() ? "" : ", can't be used: " + camera.problem);
    if (r.cameras.empty()) fmt::format_to(out, "  {:<19}none found\n", "camera");
    for (const auto& microphone : r.microphones)
        fmt::format_to(out, "  {:<19}{} ({}){}\n", "microphone", microphone.name, microphone.host_api,
                       microphone.is_default ? ", default" : "");
    if (r.microphones.empty())
        fmt::format_to(out, "  {:<19}{}\n", "microphone",
                       r.microphone_problem.empty() ? "none found" : r.microphone_problem);
    for (const auto& note : r.notes) fmt::format_to(out, "  {:<19}{}\n", "note", note);
    return text;
}

}  // namespace onetake::cli
