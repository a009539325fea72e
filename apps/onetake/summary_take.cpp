#include "summary.h"
#include "units.h"

#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

namespace onetake::cli {

namespace {

std::string number(double value, int digits, std::string_view unit) {
    return std::isfinite(value) ? fmt::format("{:.{}f} {}", value, digits, unit) : "–";
}

std::string disk_text(std::uint64_t bytes) {
    const auto b = static_cast<double>(bytes);
    return b >= 1e9 ? fmt::format("{:.1f} GB", b / 1e9) : fmt::format("{:.1f} MB", b / 1e6);
}

std::string stored_by(const std::string& encoder) {
    if (encoder == "untouched") return "JPEGs stored untouched";
    return fmt::format("{} by {}", encoder == "turbojpeg" ? "JPEGs" : "encoded", encoder);
}

class Table {
 public:
    void row(std::string_view label, std::string_view value) {
        fmt::format_to(std::back_inserter(text_), "  {:<14}{}\n", label, value);
    }
    /// Sentences, which may take several lines.
    void note(std::string_view text) { row("note", wrapped(text, kSummaryWidth, kSummaryColumn)); }
    void line(std::string_view text) { fmt::format_to(std::back_inserter(text_), "{}\n", text); }
    std::string take() { return std::move(text_); }

 private:
    std::string text_;
};

void add_counters(Table& table, const Metrics& m) {
    for (const auto& b : m.counters) {
        const auto* unit = b.kind == "video" ? "frame" : b.kind == "data" ? "packet" : "sample";
        std::string lost;
        auto add = [&](std::uint64_t count, std::string_view cause) {
            if (count) fmt::format_to(std::back_inserter(lost), ", {} {}", count, cause);
        };
        add(b.dropped_queue, "dropped (queue full)");
        add(b.dropped_driver, "lost by the device");
        add(b.corrupt, "corrupt");
        add(b.dropped_disk, "not written");
        table.row(b.track, fmt::format("{} of {}{}{}", b.written, counted_text(b.expected, unit),
                                       lost.empty() ? ", none lost" : lost,
                                       b.balanced() ? "" : "  — the counters don't add up"));
    }
}

void add_output(Table& table, const TakeResult& result) {
    if (result.mp4_path.empty()) return;
    table.row("output file", result.mp4_path);
    table.row("", fmt::format("{}, {}{}", disk_text(result.mp4_bytes),
                              result.mp4_codec.empty() ? "no video" : result.mp4_codec,
                              result.mp4_audio == "none" ? ", no audio" : ", " + result.mp4_audio + " audio"));
}

}  // namespace

std::string summary(const TakeResult& result) {
    const auto& m = result.metrics;
    Table t;
    t.line(fmt::format("Take {}", result.name));
    t.row("length", number(m.duration_s, 3, "s"));
    add_counters(t, m);
    if (std::isfinite(m.effective_fps))
        t.row("rate",
              fmt::format("{:.4f} fps{}", m.effective_fps,
                          std::isfinite(m.nominal_fps) ? fmt::format(" (label {:g}, off by {} ppm)", m.nominal_fps,
                                                                     signed_text(m.camera_fps_label_error_ppm, 0))
                                                       : ""));
    if (m.video_mb > 0)
        t.row("video", fmt::format("{:.1f} MB, {:.1f} Mbit/s, {}", m.video_mb, m.video_mbps, stored_by(m.encoder)));
    if (std::isfinite(m.write_latency_p95_ms))
        t.row("to disk in", fmt::format("{:.1f} ms (95 %), {:.1f} ms at most; queue at most {}", m.write_latency_p95_ms,
                                        m.write_latency_max_ms, m.queue_max));
    if (m.audio_enabled && std::isfinite(m.soundcard_drift_ppm)) {
        t.row("audio clock",
              fmt::format("{} ppm, block jitter {}, {}", signed_text(m.soundcard_drift_ppm, 1),
                          number(m.audio_block_jitter_ms, 2, "ms"), counted_text(m.audio_xruns, "xrun")));
        if (std::isfinite(m.projected_av_skew_ms_per_hour))
            t.row("", fmt::format("nominal rates would drift apart by {:.0f} ms an hour; the MP4 does not",
                                  std::abs(m.projected_av_skew_ms_per_hour)));
    }
    if (std::isfinite(m.loss_bound_s))
        t.row("if killed", fmt::format("at most {:.2f} s of video would have been lost", m.loss_bound_s));
    if (m.gaps) t.row("gaps", fmt::format("{}, {:.3f} s in total", m.gaps, m.gap_s));
    if (!m.stamp_source.empty() || !m.audio_stamp_source.empty())
        t.row("stamps", fmt::format("{}{}{}", m.stamp_source.empty() ? "" : "video " + m.stamp_source,
                                    !m.stamp_source.empty() && !m.audio_stamp_source.empty() ? ", " : "",
                                    m.audio_stamp_source.empty() ? "" : "audio " + m.audio_stamp_source));
    if (m.disk_bytes_left) t.row("disk left", disk_text(m.disk_bytes_left));
    for (const auto& note : m.notes) t.note(note);
    if (!result.frames_dir.empty()) t.row("frames", result.frames_dir + "/");
    if (!result.wav_path.empty()) t.row("audio", result.wav_path);
    if (!result.enhanced_wav_path.empty()) t.row("enhanced", result.enhanced_wav_path);
    if (!result.manifest_path.empty()) t.row("manifest", result.manifest_path);
    add_output(t, result);
    return t.take();
}

std::string rendering_summary(const TakeResult& result) {
    const auto& m = result.metrics;
    Table t;
    t.line(fmt::format("Take {}", result.name));
    t.row("length", number(m.duration_s, 3, "s"));
    if (m.lossy()) add_counters(t, m);
    if (!result.enhanced_wav_path.empty())
        t.row("enhanced",
              fmt::format("{}{}", result.enhanced_wav_path, m.denoise_model.empty() ? "" : ", by " + m.denoise_model));
    add_output(t, result);
    for (const auto& note : m.notes) t.note(note);
    return t.take();
}

std::string summary(const VideoRecordingResult& result) {
    Table t;
    t.line(fmt::format("Recording of {}", result.session_id));
    if (result.path.empty()) {
        t.row("file", result.tapped == 0 ? "none: no frame came" : "none");
    } else {
        t.row("file", result.path);
        t.row("", fmt::format("{}, {}, {}x{}, {:.3f} s", disk_text(result.bytes), result.codec, result.width,
                              result.height, result.duration_s));
    }
    std::string lost;
    const auto add = [&](std::uint64_t count, std::string_view cause) {
        if (count) fmt::format_to(std::back_inserter(lost), ", {} {}", count, cause);
    };
    add(result.dropped, "dropped (queue full)");
    add(result.skipped, "skipped (compressed)");
    add(result.surplus, "more than the constant rate holds");
    add(result.refused, "refused");
    add(result.lost, "lost");
    t.row("frames", fmt::format("{} of {}{}", result.frames, result.tapped, lost.empty() ? ", none lost" : lost));
    if (std::isfinite(result.loss_bound_s))
        t.row("if killed", fmt::format("at most {:.2f} s would have been lost", result.loss_bound_s));
    if (!result.take.empty()) t.row("take", result.take);
    for (const auto& note : result.notes) t.note(note);
    return t.take();
}

}  // namespace onetake::cli
