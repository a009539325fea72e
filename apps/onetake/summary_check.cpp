#include "summary.h"
#include "units.h"

#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

namespace onetake::cli {

namespace {

std::string number(double value, int digits) {
    return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "–";
}

std::string loss_line(const TakeLoss& l) {
    const auto* unit = l.track.starts_with('v') ? "frame" : l.track.starts_with('d') ? "packet" : "sample";
    auto text = fmt::format("  {:<14}{} {}", l.track, counted_text(l.count, unit), loss_cause_info(l.cause).text);
    if (l.seconds > 0) text += fmt::format(", {} s", number(l.seconds, 3));
    if (l.bytes > 0) text += ", " + counted_text(l.bytes, "byte");
    if (std::isfinite(l.at_s)) text += fmt::format(", from {} s on", number(l.at_s, 3));
    if (!l.which.empty()) text += fmt::format(" ({})", l.which);
    return text + "\n";
}

std::string_view headline(const CheckReport& r) {
    if (r.recording) return r.whole() ? "is being recorded; complete so far" : "is being recorded, with losses so far";
    if (r.needs_recovery) return "is broken; onetake recover repairs it";
    return r.whole() ? "is complete" : "is closed, with losses";
}

}  // namespace

std::string summary(const CheckReport& r) {
    auto text = fmt::format("Take {} {}\n", r.name, headline(r));
    const auto row = [&](std::string_view label, std::string_view value) {
        fmt::format_to(std::back_inserter(text), "  {:<14}{}\n", label, value);
    };
    row("length", fmt::format("{} s", number(r.duration_s, 3)));
    row("stored", fmt::format("{}, {}, {}{:.1f} MB", counted_text(r.frames, "frame"), counted_text(r.samples, "sample"),
                              r.packets > 0 ? counted_text(r.packets, "data packet") + ", " : "",
                              static_cast<double>(r.bytes) / 1e6));
    for (const auto& loss : r.losses) text += loss_line(loss);
    for (const auto& finding : r.findings) row("note", wrapped(finding, kSummaryWidth, kSummaryColumn));
    return text;
}

std::string summary(const RecoverReport& r) {
    std::string text;
    for (const auto& step : r.steps) text += fmt::format("{}\n", step);
    if (r.steps.empty()) text += "Nothing needed repair.\n";
    return text + summary(r.take);
}

}  // namespace onetake::cli
