#include "take/metrics_json.h"

#include "take/json_integer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>

namespace onetake {

namespace {

using nlohmann::ordered_json;

template <class M, class Visit>
void visit_metrics(M& m, Visit&& visit) {
    visit("duration_s", m.duration_s);
    visit("frames", m.frames);
    visit("dropped", m.dropped);
    visit("effective_fps", m.effective_fps);
    visit("nominal_fps", m.nominal_fps);
    visit("width", m.width);
    visit("height", m.height);
    visit("fourcc", m.fourcc);
    visit("jpeg_kb_mean", m.jpeg_kb_mean);
    visit("grab_ms_mean", m.grab_ms_mean);
    visit("retrieve_ms_mean", m.retrieve_ms_mean);
    visit("encode_ms_mean", m.encode_ms_mean);
    visit("write_latency_p95_ms", m.write_latency_p95_ms);
    visit("write_latency_max_ms", m.write_latency_max_ms);
    visit("queue_max", m.queue_max);
    visit("video_mb", m.video_mb);
    visit("video_mbps", m.video_mbps);
    visit("audio_enabled", m.audio_enabled);
    visit("audio_samples", m.audio_samples);
    visit("audio_xruns", m.audio_xruns);
    visit("audio_block_jitter_ms", m.audio_block_jitter_ms);
    visit("soundcard_drift_ppm", m.soundcard_drift_ppm);
    visit("camera_fps_label_error_ppm", m.camera_fps_label_error_ppm);
    visit("projected_av_skew_ms_per_hour", m.projected_av_skew_ms_per_hour);
    visit("loss_bound_s", m.loss_bound_s);
    visit("encoder", m.encoder);
    visit("stamp_source", m.stamp_source);
    visit("audio_stamp_source", m.audio_stamp_source);
    visit("denoise_enabled", m.denoise_enabled);
    visit("denoise_model", m.denoise_model);
    visit("denoise_out_sr", m.denoise_out_sr);
    visit("denoise_rt_factor", m.denoise_rt_factor);
    visit("gaps", m.gaps);
    visit("gap_s", m.gap_s);
    visit("disk_bytes_left", m.disk_bytes_left);
    visit("peak_memory_mb", m.peak_memory_mb);
    visit("ended_early", m.ended_early);
    visit("notes", m.notes);
}

template <class B, class Visit>
void visit_counters(B& b, Visit&& visit) {
    visit("track", b.track);
    visit("kind", b.kind);
    visit("expected", b.expected);
    visit("written", b.written);
    visit("dropped_queue", b.dropped_queue);
    visit("dropped_driver", b.dropped_driver);
    visit("corrupt", b.corrupt);
    visit("dropped_disk", b.dropped_disk);
}

// Where 0 or an empty text stands for a value that is not known: null in JSON.
constexpr auto kNullable =
    std::to_array<std::string_view>({"width", "height", "fourcc", "encoder", "stamp_source", "audio_stamp_source",
                                     "denoise_model", "denoise_out_sr", "disk_bytes_left", "peak_memory_mb"});

struct Write {
    ordered_json object = ordered_json::object();
    template <class T>
    void operator()(const char* key, const T& value) {
        bool unknown = value == T{} && std::ranges::find(kNullable, key) != kNullable.end();
        if constexpr (std::is_same_v<T, double>) unknown = unknown || !std::isfinite(value);
        object[key] = unknown ? ordered_json(nullptr) : ordered_json(value);
    }
};

struct Read {
    const ordered_json& object;
    template <class T>
    void operator()(const char* key, T& value) {
        const auto it = object.find(key);
        if (it == object.end()) return;
        if constexpr (std::is_same_v<T, bool>) {
            if (it->is_boolean()) value = it->template get<T>();
        } else if constexpr (std::is_integral_v<T>) {
            if (const auto number = json_integer<T>(*it)) value = *number;
        } else if constexpr (std::is_floating_point_v<T>) {
            if (it->is_number()) value = it->template get<T>();
        } else if constexpr (std::is_same_v<T, std::string>) {
            if (it->is_string()) value = it->template get<T>();
        } else {
            if (!it->is_array()) return;
            value.clear();
            for (const auto& entry : *it)
                if (entry.is_string()) value.push_back(entry.template get<std::string>());
        }
    }
};

}  // namespace

bool Metrics::balanced() const {
    return std::ranges::all_of(counters, [](const auto& b) { return b.balanced(); });
}

bool Metrics::lossy() const {
    return std::ranges::any_of(counters, [](const auto& b) { return b.written != b.expected; });
}

ordered_json metrics_json(const Metrics& m) {
    Write write;
    visit_metrics(m, write);
    auto all = ordered_json::array();
    for (const auto& b : m.counters) {
        Write one;
        visit_counters(b, one);
        one.object["balanced"] = b.balanced();
        all.push_back(std::move(one.object));
    }
    write.object["books_balance"] = m.balanced();
    write.object["books"] = std::move(all);
    return std::move(write.object);
}

Metrics metrics_from_json(const ordered_json& object) {
    Metrics m;
    visit_metrics(m, Read{object});
    if (const auto all = object.find("books"); all != object.end() && all->is_array())
        for (const auto& entry : *all) visit_counters(m.counters.emplace_back(), Read{entry});
    return m;
}

}  // namespace onetake
