#include "inspect/stored_take.h"

#include "base/shell_quote.h"
#include "take/manifest.h"
#include "take/take_source.h"

#include <onetake/config.h>

#include <fmt/format.h>
#include <sys/stat.h>

namespace onetake {

namespace {

bool exists(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0;
}

Result<Metrics> journal_metrics(const std::string& folder) {
    const auto totals = count_take(folder);
    if (!totals) return fail(totals.error());
    Metrics m;
    m.duration_s = to_seconds(totals->length);
    m.frames = totals->frames;
    m.audio_samples = totals->samples;
    m.audio_enabled = totals->blocks > 0;
    m.notes.push_back(totals->end ? "The take has no manifest; the metrics are those of its journal."
                                  : "The take was not closed; the metrics are those of its journal.");
    return m;
}

}  // namespace

Result<TakeResult> stored_take(const std::string& data_dir, const std::string& name) {
    TakeResult result;
    result.name = name;
    const auto folder = take_folder(data_dir, name);
    const auto dir = TakeDir::open(folder);
    if (!dir) return fail(dir.error());
    const auto journal = JournalReader::open(*dir);
    if (!journal) return fail(journal.error());
    result.id = journal->take().id;
    if (auto header = read_manifest(*dir)) {
        result.metrics = std::move(header->metrics);
        result.manifest_path = dir->path(kManifestName);
    } else {
        auto counted = journal_metrics(folder);
        if (!counted) return fail(std::move(counted).error());
        result.metrics = std::move(*counted);
    }
    const auto path_if_exists = [&](const char* leaf) {
        auto path = fmt::format("{}/{}", folder, leaf);
        return exists(path) ? path : std::string();
    };
    for (const auto store : {TrackStore::jpeg, TrackStore::encoded})
        if (result.frames_dir.empty()) result.frames_dir = path_if_exists(track_path({}, store).c_str());
    result.wav_path = path_if_exists("audio.wav");
    result.enhanced_wav_path = path_if_exists("audio_enhanced.wav");
    return result;
}

std::string rendered_path(const std::string& processed_dir, const std::string& name, const char* extension) {
    return fmt::format("{}/{}.{}", processed_dir, output_name(name), extension);
}

std::string take_command(std::string_view command, const std::string& name, const std::string& data_dir,
                         const std::string& processed_dir) {
    const RecorderConfig defaults;
    auto text = fmt::format("onetake {} {}", command, shell_quoted(name));
    if (data_dir != defaults.data_dir) text += " --data-dir " + shell_quoted(data_dir);
    if (!processed_dir.empty() && processed_dir != defaults.processed_dir)
        text += " --processed-dir " + shell_quoted(processed_dir);
    return text;
}

}  // namespace onetake
