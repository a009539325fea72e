#include "inspect/check.h"

#include "base/plural.h"
#include "media/packet.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <limits>

namespace onetake {

namespace {

/// The total that a track's counts belong to.
template <class T>
T& total_of(const TrackInspection& t, T& frames, T& samples, T& packets) {
    switch (t.track.track.kind) {
        case TrackKind::video:
            return frames;
        case TrackKind::audio:
            return samples;
        case TrackKind::data:
            break;
    }
    return packets;
}

/// Collects the losses of one take, one entry per track and cause.
class Losses {
 public:
    Losses(const Inspection& found, std::vector<TakeLoss>& into) : found_(found), into_(into) {}

    void add_track(const TrackInspection& t) {
        for (std::size_t i = 0; i < t.drops.size(); ++i) {
            const auto& total = t.drops[i];
            if (total.count > 0) into_.push_back(loss(t, kLossCauses[i].cause, total.count, 0, total.time, ""));
        }
        for (const auto cause : {LossCause::missing, LossCause::cut_short, LossCause::damaged, LossCause::altered})
            add_lost(t, cause);
        const auto orphaned = static_cast<std::uint64_t>(t.orphaned.size());
        if (!found_.being_written && orphaned + t.set_aside > 0)
            into_.push_back(loss(t, LossCause::no_record, orphaned + t.set_aside, t.orphaned_bytes + t.set_aside_bytes,
                                 {}, orphaned > 0 ? which(t.orphaned) : fmt::format("see {}/", kSetAside)));
        if (!found_.being_written && t.extra_samples > 0)
            into_.push_back(loss(t, LossCause::no_record, static_cast<std::uint64_t>(t.extra_samples),
                                 static_cast<std::uint64_t>(t.extra_samples * t.track.audio.channels) * 2, {},
                                 "at the end of the WAV"));
        if (t.extra_bytes > 0)
            into_.push_back(loss(t, LossCause::no_record, 1, t.extra_bytes, {}, "at the end of the file"));
        if (t.beyond.packets > 0)
            into_.push_back(
                loss(t, LossCause::no_record, t.beyond.packets, t.beyond.bytes, {}, "at the end of a part"));
    }

 private:
    void add_lost(const TrackInspection& t, LossCause cause) {
        IntervalSet numbers;
        std::uint64_t bytes = 0;
        std::optional<HostTime> first;
        for (const auto& run : t.lost) {
            if (run.cause != cause) continue;
            numbers.add(run.first, run.count);
            bytes += run.bytes;
            if (!first) first = run.time;
        }
        if (first)
            into_.push_back(loss(
                t, cause, static_cast<std::uint64_t>(numbers.size()), bytes, *first,
                fmt::format("{}{} {}", unit_of(t.track.track.kind), numbers.size() == 1 ? "" : "s", which(numbers))));
    }

    TakeLoss loss(const TrackInspection& t, LossCause cause, std::uint64_t count, std::uint64_t bytes,
                  std::optional<HostTime> at, std::string which_ones) const {
        TakeLoss l;
        l.track = to_string(t.track.track);
        l.cause = cause;
        l.count = count;
        l.seconds = static_cast<double>(count) * t.statistics.seconds_each();
        l.bytes = bytes;
        if (at) l.at_s = to_seconds(*at - found_.take.start);
        l.which = std::move(which_ones);
        return l;
    }

    static std::string which(const IntervalSet& numbers) {
        constexpr int kMaxRanges = 8;
        std::string text;
        int ranges = 0;
        for (const auto& [begin, end] : numbers.by_range()) {
            if (ranges++ == kMaxRanges) return text + " …";
            if (!text.empty()) text += ", ";
            text += end - begin == 1 ? fmt::format("{}", begin) : fmt::format("{}-{}", begin, end - 1);
        }
        return text;
    }

    const Inspection& found_;
    std::vector<TakeLoss>& into_;
};

void add_findings(const Inspection& found, std::vector<std::string>& findings) {
    const auto add = [&](std::string text) { findings.push_back(std::move(text)); };
    for (const auto& t : found.tracks) {
        if (!t.problem.empty()) add(t.problem);
        if (!t.in_order) add(fmt::format("{}: the journal's records are not in order.", to_string(t.track.track)));
    }
    if (found.bad_lines > 0)
        add(fmt::format("{} of the journal can't be read; {} lost.", counted(found.bad_lines, "line"),
                        found.bad_lines == 1 ? "its record is" : "their records are"));
    if (found.unknown_track_records > 0)
        add(fmt::format("{} of the journal {} to an unknown track.", counted(found.unknown_track_records, "record"),
                        found.unknown_track_records == 1 ? "belongs" : "belong"));
    if (found.being_written) return;
    if (!found.end) add("The take was not closed: the program or the machine stopped while recording.");
    if (found.partial_line > 0)
        add(fmt::format("The journal ends with an incomplete line of {}.", counted(found.partial_line, "byte")));
    for (const auto& t : found.tracks)
        if (t.header_stale)
            add(fmt::format("{}: the header of {} does not match its length.", to_string(t.track.track), t.track.path));
    for (const auto& t : found.tracks)
        for (const auto& partial : t.beyond.partial)
            add(fmt::format("{}: {}/{} ends with an incomplete packet.", to_string(t.track.track), t.track.path,
                            part_file(partial.part)));
    if (!found.manifest_problem.empty()) add(found.manifest_problem);
    const auto imported = [](const TrackInspection& t) {
        return t.track.video.device == kImportDevice || t.track.audio.device == kImportDevice;
    };
    if (found.end && found.end->reason == "recovered" && std::ranges::any_of(found.tracks, imported))
        add("The import was interrupted and is incomplete. Import it again, under another name.");
    if (found.needs_recovery())
        for (const auto& file : found.stale_files) add(fmt::format("{} is a stale file from a crash.", file));
    if (found.end && found.end->reason != "recovered") {
        std::uint64_t frames = 0, samples = 0, packets = 0;
        for (const auto& t : found.tracks)
            total_of(t, frames, samples, packets) += static_cast<std::uint64_t>(t.recorded.size());
        if (packets != found.end->packets)
            add(fmt::format("The `end` record has {} data packets, but the journal has {}.", found.end->packets,
                            packets));
        if (frames != found.end->frames || samples != found.end->samples)
            add(fmt::format("The `end` record has {} frames and {} samples, but the journal has {} and {}.",
                            found.end->frames, found.end->samples, frames, samples));
    }
}

TrackCounters counters_of(const TrackInspection& t) {
    auto c = t.statistics.counters;
    c.written = t.good;
    for (std::size_t i = 0; i < t.drops.size(); ++i) counter_of(c, kLossCauses[i].cause) += t.drops[i].count;
    counter_of(c, LossCause::no_record) += static_cast<std::uint64_t>(t.orphaned.size()) + t.set_aside +
                                           static_cast<std::uint64_t>(t.extra_samples) + t.beyond.packets +
                                           (t.extra_bytes > 0 ? 1 : 0);
    for (const auto& run : t.lost) counter_of(c, run.cause) += static_cast<std::uint64_t>(run.count);
    c.expected = c.written + c.lost();
    return c;
}

}  // namespace

CheckReport check_report(const Inspection& found, const std::string& name) {
    CheckReport report;
    report.name = name;
    report.recording = found.being_written;
    report.closed = found.end.has_value();
    report.needs_recovery = found.needs_recovery();
    std::optional<HostTime> first, last;
    Losses losses(found, report.losses);
    for (const auto& t : found.tracks) {
        losses.add_track(t);
        total_of(t, report.frames, report.samples, report.packets) += t.good;
        report.bytes += t.good_bytes;
        if (!t.statistics.first()) continue;
        first = std::min(first.value_or(*t.statistics.first()), *t.statistics.first());
        last = std::max(last.value_or(*t.statistics.last()), *t.statistics.last());
    }
    if (first) report.duration_s = to_seconds(*last - *first);
    add_findings(found, report.findings);
    return report;
}

Metrics metrics_of(const Inspection& found, Metrics m) {
    m.frames = m.audio_xruns = m.gaps = m.dropped = m.audio_samples = 0;
    m.gap_s = m.video_mb = 0;
    m.audio_enabled = false;
    m.counters.clear();
    for (const auto& t : found.tracks) {
        auto statistics = t.statistics;
        statistics.counters = counters_of(t);
        statistics.bytes = t.good_bytes;
        statistics.add_to(m);
    }
    finish_rates(m);
    const bool was_closed = found.end && found.end->reason != "recovered";
    m.duration_s = was_closed ? found.end->duration_s : check_report(found, "").duration_s;
    m.video_mbps = m.duration_s > 0 ? m.video_mb * 8 / m.duration_s : 0;
    return m;
}

}  // namespace onetake
