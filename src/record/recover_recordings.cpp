#include "base/files.h"
#include "base/plural.h"
#include "inspect/output_file.h"
#include "inspect/stored_take.h"
#include "record/recover_chunks.h"
#include "record/room_session.h"
#include "record/take_outputs.h"
#include "take/journal.h"
#include "take/take_files.h"

#include <onetake/take.h>
#include <onetake/video_recorder.h>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;

// The container of the file that the recording would have had.
ContainerFormat container_of(const TakeRecord& take) {
    const auto config = nlohmann::json::parse(take.config_json, nullptr, false);
    const auto name = config.is_object() ? config.value("container", "mp4") : "mp4";
    if (name == "mkv") return ContainerFormat::mkv;
    return name == "avi" ? ContainerFormat::avi : ContainerFormat::mp4;
}

// One that was kept beside its file, as was asked for: a finished take that the file is all of.
bool is_kept(const std::string& storage, const std::string& name, const TakeRecord& take) {
    std::error_code ignored;
    if (!fs::exists(fs::path(take_folder(storage, name)) / kManifestName, ignored)) return false;
    const auto file = read_output_file(rendered_path(storage, name, extension_of(container_of(take))));
    return file && file->readable && file->info.complete && file->info.take == take_identity(take);
}

void finish_file(const std::string& storage, const std::string& name, const TakeRecord& take,
                 RecoveredRecording& recovered) {
    RecorderConfig config;
    config.data_dir = config.processed_dir = storage;
    config.encode.container = container_of(take);
    const auto room = room_audio_of(take.config_json);
    auto result = stored_take(storage, name);
    if (!result) return recovered.failures.push_back(result.error().message);
    if (result->metrics.frames == 0 && (!room || result->metrics.audio_samples == 0)) {
        recovered.steps.emplace_back("It has no frame: no file.");
    } else {
        const auto audio = room.value_or(AudioOutput{});
        const auto tags = room && !audio.mix ? TrackTags(room_track_tags) : TrackTags();
        TakeOutputs outputs(config, name, {}, {}, audio, tags);
        if (const auto made = outputs.process({}, *result); !made)
            return recovered.failures.push_back(made.error().message);
        if (!result->failures.empty() || result->mp4_frames < result->metrics.frames)
            recovered.failures.push_back(
                fmt::format("{} of {} frames are in the file.", result->mp4_frames, result->metrics.frames));
        if (outputs.missing() > 0)
            recovered.failures.push_back(
                fmt::format("{} of the take's frames and samples could not be put into the file.", outputs.missing()));
        recovered.failures.insert(recovered.failures.end(), result->failures.begin(), result->failures.end());
        recovered.path = result->mp4_path;
        if (!recovered.path.empty()) recovered.steps.push_back(fmt::format("Wrote {}.", recovered.path));
    }
    if (!recovered.failures.empty()) return;
    std::error_code problem;
    fs::remove_all(recovered.take, problem);
    if (problem)
        recovered.failures.push_back(fmt::format("{} could not be removed: {}.", recovered.take, problem.message()));
}

RecoveredRecording recover_one(const std::string& storage, const std::string& name, const TakeRecord& take) {
    RecoveredRecording recovered;
    recovered.take = take_folder(storage, name);
    if (is_chunk_take(recovered.take)) {
        recover_chunks(storage, name, recovered);
        return recovered;
    }
    auto report = recover_take(storage, name, storage);
    if (!report) {
        recovered.failures.push_back(report.error().message);
        return recovered;
    }
    recovered.steps = std::move(report->steps);
    finish_file(storage, name, take, recovered);
    return recovered;
}

}  // namespace

Result<std::vector<RecoveredRecording>> recover_recordings(const std::string& storage) {
    std::error_code problem;
    std::vector<std::string> names;
    for (auto it = fs::directory_iterator(storage, problem); !problem && it != fs::directory_iterator();
         it.increment(problem)) {
        std::error_code ignored;
        if (it->is_directory(ignored) && !it->is_symlink(ignored) && is_work_take(it->path().filename().string()))
            names.push_back(it->path().filename().string());
    }
    if (problem) return fail(file_error("Can't read the folder", storage, problem.value()));
    std::ranges::sort(names);
    std::vector<RecoveredRecording> all;
    for (const auto& name : names) {
        const auto dir = TakeDir::open(take_folder(storage, name));
        const auto journal = dir ? JournalReader::open(*dir) : Result<JournalReader>(fail(dir.error()));
        if (!journal) {
            all.push_back({take_folder(storage, name), {}, {}, {journal.error().message}});
            continue;
        }
        if (journal->being_written()) continue;
        if (is_kept(storage, name, journal->take()))
            all.push_back({take_folder(storage, name), {}, {"Its file is complete; the take is kept."}, {}});
        else
            all.push_back(recover_one(storage, name, journal->take()));
    }
    return all;
}

}  // namespace onetake
