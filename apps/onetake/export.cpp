#include "commands.h"
#include "config_flags.h"
#include "take_argument.h"

#include <onetake/export_csv.h>
#include <onetake/take.h>

#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace onetake::cli {

int export_command(const Args& args) {
    RecorderConfig config;
    std::string name, out;
    bool csv = false, force = false, json = false, quiet = false;
    CommandLine app{"Write a take's times and events as tables: frames.csv, blocks.csv, events.csv.", "onetake export"};
    app.add_option("NAME", name, "a take: its name in the data folder, or its path")->required();
    app.add_flag("--csv", csv, "as CSV, the one format there is (yes)");
    app.add_option("--out", out, "folder for the tables (NAME_csv in the processed folder)")->type_name("DIR");
    app.add_flag("--force", force, "replace tables that are there");
    add_config_flags(app, config, is_take_folder);
    app.add_flag("--json", json, "print JSON");
    app.add_flag("--quiet", quiet, "print errors only");
    app.footer("Example: onetake export interview --csv");
    if (const auto code = parse(app, args)) return *code;

    const auto take = take_argument(name, config.data_dir);
    if (out.empty()) out = (std::filesystem::path(config.processed_dir) / (take.name + "_csv")).string();
    auto files = export_csv((std::filesystem::path(take.data_dir) / take.name).string(), {out, force});
    if (!files) {
        if (files.error().code == ErrorCode::not_found) files.error().message += other_take_hint(take);
        return report(files.error());
    }
    if (json)
        print(nlohmann::ordered_json{{"name", take.name}, {"files", *files}}.dump(
                  2, ' ', false, nlohmann::json::error_handler_t::replace) +
              "\n");
    else if (!quiet)
        for (const auto& file : *files) print(file + "\n");
    return kDone;
}

}  // namespace onetake::cli
