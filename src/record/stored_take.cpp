#include "record/stored_take.h"

#include "take/metrics_json.h"
#include "take/take_source.h"

#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sys/stat.h>

namespace onetake {

namespace {

bool exists(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0;
}

// The manifest's metrics, without holding its lists of frames and blocks in memory.
std::optional<Metrics> manifest_metrics(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    using nlohmann::ordered_json;
    const auto skip_tracks = [](int depth, ordered_json::parse_event_t event, ordered_json& parsed) {
        return !(depth == 1 && event == ordered_json::parse_event_t::key && parsed == "tracks");
    };
    const auto manifest = ordered_json::parse(file, skip_tracks, false);
    const auto metrics = manifest.find("metrics");
    if (!manifest.is_object() || metrics == manifest.end() || !metrics->is_object()) return std::nullopt;
    return metrics_from_json(*metrics);
}

Result<Metrics> journal_metrics(const std::string& folder) {
    const auto totals = count_take(folder);
    if (!totals) return fail(totals.error());
    Metrics m;
    m.duration_s = to_seconds(totals->length);
    m.frames = totals->frames;
    m.audio_samples = totals->samples;
    m.audio_enabled = totals->blocks > 0;
    m.notes.push_back(totals->end ? "The take has no manifest; the figures are those of its journal."
                                  : "The take was not closed; the figures are those of its journal.");
    return m;
}

}  // namespace

Result<TakeResult> stored_take(const std::string& data_dir, const std::string& name) {
    TakeResult result;
    result.name = name;
    const auto folder = take_folder(data_dir, name);
    if (auto journal = JournalReader::open(folder); !journal) return fail(std::move(journal).error());
    const auto manifest = fmt::format("{}/{}", folder, kManifestName);
    if (auto metrics = manifest_metrics(manifest)) {
        result.metrics = std::move(*metrics);
        result.manifest_path = manifest;
    } else {
        auto counted = journal_metrics(folder);
        if (!counted) return fail(std::move(counted).error());
        result.metrics = std::move(*counted);
    }
    const auto path_if_there = [&](const char* leaf) {
        auto path = fmt::format("{}/{}", folder, leaf);
        return exists(path) ? path : std::string();
    };
    result.frames_dir = path_if_there("frames");
    result.wav_path = path_if_there("audio.wav");
    result.enhanced_wav_path = path_if_there("audio_enhanced.wav");
    return result;
}

std::string rendered_path(const std::string& processed_dir, const std::string& name, const char* extension) {
    return fmt::format("{}/{}.{}", processed_dir, name, extension);
}

}  // namespace onetake
