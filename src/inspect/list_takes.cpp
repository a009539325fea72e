#include "inspect/output_file.h"
#include "inspect/stored_take.h"
#include "take/manifest.h"
#include "take/take_source.h"

#include <onetake/take.h>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace onetake {

namespace {

namespace fs = std::filesystem;

std::uint64_t folder_bytes(const fs::path& folder) {
    std::uint64_t bytes = 0;
    std::error_code ec;
    for (auto it = fs::recursive_directory_iterator(folder, ec); !ec && it != fs::recursive_directory_iterator();
         it.increment(ec))
        if (it->is_regular_file(ec) && !it->is_symlink(ec)) {
            const auto size = it->file_size(ec);
            if (!ec) bytes += size;
        }
    return bytes;
}

// Fills in the take's output file, and a problem with one that is there. Whether the take counts as rendered.
bool find_output(const std::string& processed_dir, std::optional<ContainerFormat> container, const TakeRecord& take,
                 const std::string& name, TakeSummary& s) {
    for (const auto format : kRenderedFormats) {
        if (container && format != *container) continue;
        const auto* extension = extension_of(format);
        auto file = read_output_file(rendered_path(processed_dir, name, extension));
        if (!file) continue;
        const bool own = file->info.take == take_identity(take);
        const bool rendered = own && file->info.complete;
        if (!s.output || rendered) s.output = file->info;
        if (rendered) return true;
        s.problem = fmt::format("{} {}.", file->info.path,
                                own                       ? "was rendered before the take was complete"
                                : file->info.take.empty() ? "does not say which take it was made from"
                                                          : "was made from another take");
    }
    return false;
}

TakeSummary summarize(const std::string& data_dir, const std::string& processed_dir,
                      std::optional<ContainerFormat> container, const std::string& name) {
    TakeSummary s;
    s.name = name;
    const auto folder = take_folder(data_dir, name);
    s.bytes = folder_bytes(folder);
    const auto dir = TakeDir::open(folder);
    auto journal = dir ? JournalReader::open(*dir) : Result<JournalReader>(fail(dir.error()));
    if (!journal) {
        s.state = TakeState::broken;
        s.duration_s = kNotApplicable;
        s.problem = journal.error().message;
        return s;
    }
    s.created = journal->take().created;
    const bool recording = journal->being_written();
    const auto totals = count_take(folder);
    if (!totals) {
        s.state = TakeState::broken;
        s.duration_s = kNotApplicable;
        s.problem = totals.error().message;
        return s;
    }
    s.frames = totals->frames;
    s.packets = totals->packets;
    s.duration_s = totals->end ? totals->end->duration_s : to_seconds(totals->length);
    if (const auto header = read_manifest(*dir)) s.counters = header->metrics.counters;
    const bool rendered = find_output(processed_dir, container, journal->take(), name, s);
    if (recording)
        s.state = TakeState::recording;
    else if (!totals->end)
        s.state = TakeState::broken;
    else
        s.state = rendered ? TakeState::rendered : TakeState::complete;
    if (rendered) s.problem.clear();
    if (s.state == TakeState::broken)
        s.problem = "It was not closed: the program or the machine stopped while recording.";
    return s;
}

}  // namespace

Result<std::vector<TakeSummary>> list_takes(const std::string& data_dir, const std::string& processed_dir,
                                            std::optional<ContainerFormat> container) {
    std::vector<TakeSummary> takes;
    std::error_code ec;
    if (!fs::exists(data_dir, ec)) return takes;
    auto entries = fs::directory_iterator(data_dir, ec);
    if (ec) return fail(file_error("Can't read the folder", data_dir, ec.value()));
    for (const auto& entry : entries)
        if (entry.is_directory(ec) && !entry.is_symlink(ec) && fs::exists(entry.path() / kJournalName, ec))
            takes.push_back(summarize(data_dir, processed_dir, container, entry.path().filename().string()));
    std::ranges::sort(takes, {}, &TakeSummary::name);
    return takes;
}

}  // namespace onetake
