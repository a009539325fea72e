#include "commands.h"
#include "interrupt.h"

#include <onetake/merge.h>

#include <filesystem>
#include <fmt/format.h>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake::cli {

namespace {

std::string summary(const MergeResult& result) {
    auto text = fmt::format("Merged {} files to {} ({:.3f} s, {:.1f} MB)\n", result.parts.size(), result.path,
                            result.duration_s, static_cast<double>(result.bytes) / 1e6);
    for (const auto& stream : result.streams)
        text += fmt::format("  {:<8}{}, {} packets\n", stream.kind, stream.codec, stream.packets);
    for (const auto& note : result.notes) text += fmt::format("  note    {}\n", note);
    return text;
}

}  // namespace

int merge(const Args& args) {
    std::vector<std::string> inputs;
    std::string out;
    MergeOptions options;
    bool json = false, quiet = false;
    CommandLine app{"Join the chunks of a recording to one file, without encoding.", "onetake merge"};
    app.add_option("DIR|FILE", inputs, "the folder of the chunks, or Matroska files in their order")
        ->required()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("-o,--output", out, "the file to make, *.mkv (of a folder DIR: DIR.mkv)");
    app.add_flag("--force", options.replace, "replace an existing file");
    app.add_flag("--remove-chunks", options.remove_chunks, "delete the chunks once the file was verified");
    app.add_flag("--json", json, "print JSON");
    app.add_flag("--quiet", quiet, "print errors only");
    app.footer(
        "Every packet is kept unchanged, at its exact time.\n"
        "Exit codes: 0 merged, 1 failed, or merged and not deleted\n"
        "Example: onetake merge recordings/rig -o rig.mkv");
    if (const auto code = parse(app, args)) return *code;
    std::error_code ec;
    const bool folder = inputs.size() == 1 && std::filesystem::is_directory(inputs[0], ec);
    if (out.empty() && !folder) {
        print_error("name the file to make with --output (see onetake merge --help)");
        return kUsage;
    }
    if (out.empty()) {
        auto path = inputs[0];
        while (path.size() > 1 && path.back() == '/') path.pop_back();
        out = path + ".mkv";
    }
    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    options.cancel = cancel.get_token();
    const auto merged =
        folder ? merge_recording_chunks(inputs[0], out, options) : merge_stream_files(inputs, out, options);
    if (!merged) return report(merged.error());
    if (json)
        print(to_json(*merged) + "\n");
    else if (!quiet)
        print(summary(*merged));
    for (const auto& failure : merged->failures) print_error(failure);
    return merged->failures.empty() ? kDone : kFailed;
}

}  // namespace onetake::cli
