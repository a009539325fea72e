#include "container/part_file.h"
#include "inspect/check.h"
#include "inspect/enhanced_wav.h"
#include "inspect/output_check.h"
#include "inspect/output_file.h"
#include "inspect/recover.h"
#include "inspect/stored_take.h"

#include <onetake/take.h>

#include <fmt/format.h>
#include <vector>

namespace onetake {

Result<CheckReport> check_take(const std::string& data_dir, const std::string& name, const std::string& processed_dir,
                               bool decode_all) {
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
    for (const auto format : kRenderedFormats) {
        const auto file = read_output_file(rendered_path(processed_dir, name, extension_of(format)));
        if (!file) continue;
        // A file that can't be read does not say which take it belongs to.
        if (!file->readable || file->info.take == take_identity(found->take)) add(output_problem(*file, decode_all));
    }
    return report;
}

Result<RecoverReport> recover_take(const std::string& data_dir, const std::string& name,
                                   const std::string& processed_dir) {
    ONETAKE_TRY(check_take_name(name));
    const auto folder = take_folder(data_dir, name);
    auto report = recover_folder(folder, name);
    if (!report) return report;
    std::vector<std::string> outputs{fmt::format("{}/audio_enhanced.wav", folder)};
    if (!processed_dir.empty())
        for (const auto format : kRenderedFormats)
            outputs.push_back(rendered_path(processed_dir, name, extension_of(format)));
    for (const auto& output : outputs)
        for (const auto& part : remove_stale_parts(output))
            report->steps.push_back(fmt::format("Removed {}, an incomplete file of a killed program.", part));
    return report;
}

}  // namespace onetake
