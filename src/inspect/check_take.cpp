#include "container/demuxer.h"
#include "inspect/check.h"
#include "inspect/enhanced_wav.h"
#include "inspect/output_file.h"
#include "inspect/recover.h"
#include "inspect/stored_take.h"

#include <onetake/take.h>

#include <algorithm>
#include <fmt/format.h>

namespace onetake {

namespace {

// What is wrong with a take's output file; empty if it can be read to its end. Reads every packet, decodes none.
std::string output_problem(const OutputFile& file) {
    constexpr Duration kShorter = std::chrono::seconds(1);
    const auto& path = file.info.path;
    auto demuxer = Demuxer::open(path);
    if (!demuxer) return demuxer.error().message;
    std::uint64_t frames = 0;
    Duration end{};
    for (;;) {
        const auto packet = demuxer->next();
        if (!packet) return packet.error().message;
        if (!*packet) break;
        const auto& params = demuxer->streams()[static_cast<std::size_t>((*packet)->stream)];
        if (params.kind == TrackKind::video) ++frames;
        end = std::max(end, from_ticks((*packet)->pts + (*packet)->duration, params.time_scale));
    }
    if (const auto due = file.facts.video_frames; due && frames < *due)
        return fmt::format("{} is cut off: {} of its {} frames are there.", path, frames, *due);
    if (end + kShorter < file.facts.duration)
        return fmt::format("{} is cut off: {:.1f} s of its {:.1f} s are there.", path, to_seconds(end),
                           to_seconds(file.facts.duration));
    return {};
}

}  // namespace

Result<CheckReport> check_take(const std::string& data_dir, const std::string& name, const std::string& processed_dir) {
    ONETAKE_TRY(check_take_name(name));
    const auto folder = take_folder(data_dir, name);
    auto dir = TakeDir::open(folder);
    if (!dir) return fail(std::move(dir).error());
    auto found = inspect_take(*dir);
    if (!found) return fail(std::move(found).error());
    auto report = check_report(*found, name);
    if (found->being_written) return report;
    const auto add = [&](std::string problem) {
        if (!problem.empty()) report.findings.push_back(std::move(problem));
    };
    add(enhanced_wav_problem(folder));
    if (processed_dir.empty()) return report;
    for (const auto* extension : kRenderedExtensions) {
        const auto file = read_output_file(rendered_path(processed_dir, name, extension));
        if (!file) continue;
        // A file that can't be read does not say which take it belongs to.
        if (!file->readable || file->info.take == take_identity(found->take)) add(output_problem(*file));
    }
    return report;
}

Result<RecoverReport> recover_take(const std::string& data_dir, const std::string& name) {
    ONETAKE_TRY(check_take_name(name));
    return recover_folder(take_folder(data_dir, name), name);
}

}  // namespace onetake
