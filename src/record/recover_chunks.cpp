#include "record/recover_chunks.h"

#include "base/plural.h"
#include "codec/av_log.h"
#include "container/chunk_tags.h"
#include "container/demuxer.h"
#include "container/part_file.h"
#include "render/chunk_render.h"
#include "take/journal_reader.h"
#include "take/take_dir.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace onetake {

namespace {

namespace fs = std::filesystem;

/// What the journal says of the chunks.
struct Recorded {
    TakeRecord take;
    std::optional<ChunksRecord> chunks;
    std::map<std::int64_t, std::string> ids;  // of chunks that were begun
    std::int64_t finished = 0;                // the last chunk that is complete
};

Result<Recorded> read_journal(const std::string& folder) {
    auto reader = JournalReader::open(folder);
    if (!reader) return fail(std::move(reader).error());
    Recorded recorded;
    recorded.take = reader->take();
    for (;;) {
        auto record = reader->next();
        if (!record) return fail(std::move(record).error());
        if (!*record) return recorded;
        if (auto* chunks = std::get_if<ChunksRecord>(&**record)) {
            if (!recorded.chunks) recorded.chunks = std::move(*chunks);
        } else if (auto* chunk = std::get_if<ChunkRecord>(&**record)) {
            if (chunk->finished) recorded.finished = std::max(recorded.finished, chunk->number);
            recorded.ids[chunk->number] = std::move(chunk->id);
        }
    }
}

// Chunks are finished in their order. The last may be complete without a record of it.
void find_finished(const std::string& folder, Recorded& recorded) {
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        if (entry.path().extension() != ".mkv" || !entry.is_regular_file(problem) || entry.is_symlink(problem))
            continue;
        const auto file = Demuxer::open(entry.path().string());
        const auto place = file ? chunk_place(file->tags()) : std::optional<ChunkPlace>();
        if (place && place->recording == recorded.take.id)
            recorded.finished = std::max(recorded.finished, place->start_ms / recorded.chunks->length.count() + 1);
    }
}

// Of files that were being written.
void remove_unfinished(const std::string& folder, std::vector<std::string>& steps) {
    std::error_code problem;
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        const auto name = entry.path().filename().string();
        const auto at = name.rfind(".mkv.");
        if (at != std::string::npos && name.ends_with(".part"))
            paths.push_back((fs::path(folder) / name.substr(0, at + 4)).string());
    }
    for (const auto& path : paths)
        for (const auto& removed : remove_stale_parts(path))
            steps.push_back(fmt::format("Removed {}, which was not complete.", removed));
}

}  // namespace

bool is_chunk_take(const std::string& take_folder) {
    const auto recorded = read_journal(take_folder);
    return recorded && recorded->chunks;
}

void recover_chunks(const std::string& folder, const std::string& name, RecoveredRecording& recovered) {
    const auto take = take_folder(folder, name);
    const auto failed = [&](std::string text) { recovered.failures.push_back(std::move(text)); };
    auto dir = TakeDir::open(take);
    if (!dir) return failed(dir.error().message);
    // Held until the end: no other recovery works here.
    const auto journal = dir->open_file(kJournalName, O_RDWR);
    if (!journal) return failed(journal.error().message);
    if (const auto locked = lock_journal(journal->get(), take); !locked) return failed(locked.error().message);
    auto recorded = read_journal(take);
    if (!recorded) return failed(recorded.error().message);
    route_av_log();
    find_finished(folder, *recorded);
    remove_unfinished(folder, recovered.steps);

    ChunkRenderOptions options;
    options.take_folder = take;
    options.folder = folder;
    options.first_chunk = recorded->finished + 1;
    options.id_of = [&](std::int64_t number, WallTime) {
        const auto known = recorded->ids.find(number);
        return known == recorded->ids.end() ? std::string() : known->second;
    };
    options.on_finished = [&](const FinishedChunk& chunk) {
        recovered.steps.push_back(fmt::format("Wrote {} ({:.3f} s).", chunk.path, to_seconds(chunk.duration)));
    };
    RenderProgress progress({});
    const auto report = render_chunks(options, progress);
    if (!report && report.error().code != ErrorCode::not_found) return failed(report.error().message);
    if (report) {
        for (const auto& loss : report->losses)
            if (loss.lost > 0)
                failed(fmt::format("{} of {} could not be read, and are in no chunk.",
                                   counted(loss.lost, unit_of(loss.track.kind)), to_string(loss.track)));
        recovered.steps.insert(recovered.steps.end(), report->notes.begin(), report->notes.end());
    }
    recovered.path = folder;
    if (!recovered.failures.empty()) {
        recovered.steps.push_back(fmt::format("{} is kept.", take));
        return;
    }
    std::error_code problem;
    fs::remove_all(take, problem);
    if (problem) failed(fmt::format("{} could not be removed: {}.", take, problem.message()));
}

}  // namespace onetake
