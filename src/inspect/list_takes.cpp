#include "inspect/stored_take.h"
#include "take/take_source.h"

#include <onetake/take.h>

#include <algorithm>
#include <filesystem>

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

TakeSummary summarize(const std::string& data_dir, const std::string& processed_dir, const std::string& name) {
    TakeSummary s;
    s.name = name;
    const auto folder = take_folder(data_dir, name);
    s.bytes = folder_bytes(folder);
    auto journal = JournalReader::open(folder);
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
    s.duration_s = totals->end ? totals->end->duration_s : to_seconds(totals->length);
    std::error_code ec;
    const bool rendered = fs::exists(rendered_path(processed_dir, name, "mp4"), ec) ||
                          fs::exists(rendered_path(processed_dir, name, "mkv"), ec);
    if (recording)
        s.state = TakeState::recording;
    else if (!totals->end)
        s.state = TakeState::broken;
    else
        s.state = rendered ? TakeState::rendered : TakeState::complete;
    if (s.state == TakeState::broken)
        s.problem = "It was not closed: the program or the machine stopped while recording.";
    return s;
}

}  // namespace

Result<std::vector<TakeSummary>> list_takes(const std::string& data_dir, const std::string& processed_dir) {
    std::vector<TakeSummary> takes;
    std::error_code ec;
    if (!fs::exists(data_dir, ec)) return takes;
    auto entries = fs::directory_iterator(data_dir, ec);
    if (ec) return fail(file_error("Can't read the folder", data_dir, ec.value()));
    for (const auto& entry : entries)
        if (entry.is_directory(ec) && !entry.is_symlink(ec) && fs::exists(entry.path() / kJournalName, ec))
            takes.push_back(summarize(data_dir, processed_dir, entry.path().filename().string()));
    std::ranges::sort(takes, {}, &TakeSummary::name);
    return takes;
}

}  // namespace onetake
