#include "record/work_take.h"

#include "base/plural.h"
#include "base/shell_quote.h"
#include "base/time.h"
#include "container/file_facts.h"
#include "record/recording.h"
#include "take/manifest.h"
#include "take/metrics_json.h"
#include "take/take_files.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

// Its manifest is written now, with what was made from the take.
void keep(Recording& recording, const std::string& folder, TakeResult& take, WorkTakeFile& file) {
    if (recording.is_closed()) return;
    const auto notes = static_cast<std::ptrdiff_t>(take.metrics.notes.size());
    auto kept = recording.keep(take);
    if (kept && !take.manifest_path.empty()) {
        const auto dir = TakeDir::open(folder);
        kept = dir ? update_manifest(*dir, take.metrics, outputs_json(take)) : fail(dir.error());
    }
    if (!kept) file.failures.push_back(kept.error().message);
    file.notes.insert(file.notes.end(), take.metrics.notes.begin() + notes, take.metrics.notes.end());
}

}  // namespace

WorkTakeFile settle_work_take(Recording& recording, const std::string& storage, TakeResult& take, bool keep_take,
                              std::vector<std::string> failures) {
    WorkTakeFile file;
    file.failures = std::move(failures);
    const auto folder = take_folder(storage, take.name);
    std::uint64_t frames = 0, stored = 0, samples_lost = 0, frames_lost = 0;
    for (const auto& counters : take.metrics.counters) {
        // Also what was stored and is not in the file.
        (counters.kind == "audio" ? samples_lost : frames_lost) += counters.dropped_disk;
        stored += counters.written;
        if (counters.kind == "video") frames += counters.written;
    }
    bool complete = stored == 0 && file.failures.empty();
    if (!take.mp4_path.empty()) {
        file.path = take.mp4_path;
        file.bytes = take.mp4_bytes;
        const auto facts = read_file_facts(file.path);
        if (facts) {
            file.duration_s = to_seconds(facts->duration);
            file.width = facts->width;
            file.height = facts->height;
        }
        complete = facts && take.mp4_frames == frames && samples_lost + frames_lost == 0 && file.failures.empty();
        if (samples_lost > 0)
            file.failures.push_back(
                fmt::format("{} of the audio are lost; the take is kept.", counted(samples_lost, "sample")));
        if (!facts)
            file.failures.push_back(fmt::format("The file can't be read back: {}", facts.error().message));
        else if (const auto missing = frames - std::min(frames, take.mp4_frames) + frames_lost; missing > 0)
            file.failures.push_back(
                fmt::format("The file lacks {} of the take, which is kept: `onetake process {} --data-dir {}` "
                            "encodes it anew.",
                            counted(missing, "frame"), take.name, shell_quoted(storage)));
    }
    if (!complete || keep_take) keep(recording, folder, take, file);
    std::error_code problem;
    if (complete && !keep_take) std::filesystem::remove_all(folder, problem);
    if (!complete || keep_take || problem) file.take = folder;
    if (problem) file.notes.push_back(fmt::format("{} could not be removed: {}.", folder, problem.message()));
    return file;
}

}  // namespace onetake
