#include "inspect/check.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <limits>

namespace onetake {

namespace {

bool is_video(const TrackInspection& t) {
    return t.track.track.kind == TrackKind::video;
}

/// Puts the losses of one take together, one line per track and cause.
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
        const auto strays = static_cast<std::uint64_t>(t.strays.size());
        if (!found_.being_written && strays + t.set_aside > 0)
            into_.push_back(loss(t, LossCause::no_record, strays + t.set_aside, t.stray_bytes + t.set_aside_bytes, {},
                                 strays > 0 ? which(t.strays) : fmt::format("see {}/", kSetAside)));
        if (!found_.being_written && t.extra_samples > 0)
            into_.push_back(loss(t, LossCause::no_record, static_cast<std::uint64_t>(t.extra_samples),
                                 static_cast<std::uint64_t>(t.extra_samples * t.track.audio.channels) * 2, {},
                                 "at the end of the WAV"));
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
            into_.push_back(loss(t, cause, static_cast<std::uint64_t>(numbers.size()), bytes, *first,
                                 fmt::format("{} {}", is_video(t) ? "frames" : "samples", which(numbers))));
    }

    TakeLoss loss(const TrackInspection& t, LossCause cause, std::uint64_t count, std::uint64_t bytes,
                  std::optional<HostTime> at, std::string which_ones) const {
        TakeLoss l;
        l.track = to_string(t.track.track);
        l.cause = cause;
        l.count = count;
        l.seconds = static_cast<double>(count) * t.seconds_each();
        l.bytes = bytes;
        if (at) l.at_s = to_seconds(*at - found_.take.start);
        l.which = std::move(which_ones);
        return l;
    }

    static std::string which(const IntervalSet& numbers) {
        constexpr int kMostRanges = 8;
        std::string text;
        int ranges = 0;
        for (const auto& [begin, end] : numbers.by_range()) {
            if (ranges++ == kMostRanges) return text + " …";
            if (!text.empty()) text += ", ";
            text += end - begin == 1 ? fmt::format("{}", begin) : fmt::format("{}-{}", begin, end - 1);
        }
        return text;
    }

    const Inspection& found_;
    std::vector<TakeLoss>& into_;
};

void add_findings(const Inspection& found, std::vector<std::string>& findings) {
    const auto say = [&](std::string text) { findings.push_back(std::move(text)); };
    for (const auto& t : found.tracks) {
        if (!t.problem.empty()) say(t.problem);
        if (!t.in_order)
            say(fmt::format("{}: the journal's records do not follow each other.", to_string(t.track.track)));
    }
    if (found.bad_lines > 0)
        say(fmt::format("{} lines of the journal can't be read; what they told is lost.", found.bad_lines));
    if (found.homeless > 0)
        say(fmt::format("{} records are of tracks that the journal does not introduce.", found.homeless));
    if (found.being_written) return;
    if (!found.end) say("The take was not closed: the program or the machine stopped while recording.");
    if (found.half_line > 0) say(fmt::format("The journal ends in half a line of {} bytes.", found.half_line));
    for (const auto& t : found.tracks)
        if (t.header_stale)
            say(fmt::format("{}: the header of {} does not agree with its length.", to_string(t.track.track),
                            t.track.path));
    if (!found.manifest_problem.empty()) say(found.manifest_problem);
    const auto imported = [](const TrackInspection& t) {
        return t.track.video.device == kImportDevice || t.track.audio.device == kImportDevice;
    };
    if (found.end && found.end->reason == "recovered" && std::ranges::any_of(found.tracks, imported))
        say("The import was interrupted: what it had not got to is missing. Import it anew, under another name.");
    for (const auto& rest : found.rests) say(fmt::format("{} was left behind by a crash.", rest));
    if (found.end && found.end->reason != "recovered") {
        std::uint64_t frames = 0, samples = 0;
        for (const auto& t : found.tracks)
            (is_video(t) ? frames : samples) += static_cast<std::uint64_t>(t.named.size());
        if (frames != found.end->frames || samples != found.end->samples)
            say(fmt::format("The journal closes with {} frames and {} samples, but names {} and {}.", found.end->frames,
                            found.end->samples, frames, samples));
    }
}

std::string provenance(const TrackInspection& t) {
    if (!t.source) return {};
    return std::string(to_string(*t.source)) + (t.mixed_sources ? " (mixed)" : "");
}

TrackCounters books_of(const TrackInspection& t) {
    const auto drops = [&](LossCause cause) { return t.drops[static_cast<std::size_t>(cause)].count; };
    TrackCounters b;
    b.track = to_string(t.track.track);
    b.kind = is_video(t) ? "video" : "audio";
    b.written = t.good;
    b.dropped_queue = drops(LossCause::queue);
    b.dropped_driver = drops(LossCause::driver);
    b.corrupt = drops(LossCause::corrupt);
    b.dropped_disk = drops(LossCause::disk) + static_cast<std::uint64_t>(t.strays.size()) + t.set_aside +
                     static_cast<std::uint64_t>(t.extra_samples);
    for (const auto& run : t.lost)
        (run.cause == LossCause::altered ? b.written : b.dropped_disk) += static_cast<std::uint64_t>(run.count);
    b.expected = b.written + b.dropped_queue + b.dropped_driver + b.corrupt + b.dropped_disk;
    return b;
}

void add_video(Metrics& m, const TrackInspection& t) {
    m.nominal_fps = t.track.video.fps > 0 ? t.track.video.fps : kNotApplicable;
    m.stamp_source = provenance(t);
    m.effective_fps = kNotApplicable;
    if (t.records > 1 && *t.last > *t.first)
        m.effective_fps = static_cast<double>(t.records - 1) / to_seconds(*t.last - *t.first);
    m.camera_fps_label_error_ppm = (m.effective_fps / m.nominal_fps - 1) * 1e6;
}

void add_audio(Metrics& m, const TrackInspection& t) {
    constexpr std::int64_t kEnoughBlocks = 10;
    m.audio_samples = t.good;
    m.audio_stamp_source = provenance(t);
    if (t.clock.count() < kEnoughBlocks) return;
    m.audio_block_jitter_ms = t.clock.residual_rms() * 1e3;
    m.soundcard_drift_ppm = (1 / t.clock.slope() - 1) * 1e6;
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
        (is_video(t) ? report.frames : report.samples) += t.good;
        report.bytes += t.good_bytes;
        if (!t.first) continue;
        first = std::min(first.value_or(*t.first), *t.first);
        last = std::max(last.value_or(*t.last), *t.last);
    }
    if (first) report.duration_s = to_seconds(*last - *first);
    add_findings(found, report.findings);
    return report;
}

Metrics metrics_of(const Inspection& found, Metrics m) {
    m.frames = m.audio_xruns = m.gaps = m.dropped = m.audio_samples = 0;
    m.gap_s = 0;
    m.audio_enabled = false;
    m.counters.clear();
    std::uint64_t video_bytes = 0;
    for (const auto& t : found.tracks) {
        m.counters.push_back(books_of(t));
        m.gaps += t.gaps;
        m.gap_s += t.gap_s;
        if (is_video(t)) {
            m.frames += m.counters.back().written;
            m.dropped += m.counters.back().dropped_queue;
            video_bytes += t.good_bytes;
            if (t.track.track.number == 1) add_video(m, t);
        } else {
            m.audio_enabled = true;
            m.audio_xruns += t.xruns;
            if (t.track.track.number == 1) add_audio(m, t);
        }
    }
    if (m.encoder.empty()) m.encoder = "unknown";
    const bool was_closed = found.end && found.end->reason != "recovered";
    m.duration_s = was_closed ? found.end->duration_s : check_report(found, "").duration_s;
    m.video_mb = static_cast<double>(video_bytes) / 1e6;
    m.video_mbps = m.duration_s > 0 ? m.video_mb * 8 / m.duration_s : 0;
    constexpr double kMsPerHourAndPpm = 3.6;
    m.projected_av_skew_ms_per_hour = kMsPerHourAndPpm * (m.soundcard_drift_ppm - m.camera_fps_label_error_ppm);
    return m;
}

}  // namespace onetake
