#include "commands.h"
#include "config_flags.h"
#include "take_argument.h"

#include <onetake/markers.h>

#include <string>

namespace onetake::cli {

int mark(const Args& args) {
    RecorderConfig config;
    std::string name, text;
    CommandLine app{"Set a marker, now, in a take that is being recorded.", "onetake mark"};
    app.add_option("NAME", name, "the take: its name in the data folder, or its path")->required();
    app.add_option("TEXT", text, "the marker's text, at most 4096 bytes")->required();
    add_config_flags(app, config, is_take_folder);
    app.footer(
        "Markers become chapters of the output file, and a WebVTT file beside it.\n"
        "Exit codes: 0 stored, 1 not stored\n"
        "Example: onetake mark interview \"second question\"");
    if (const auto code = parse(app, args)) return *code;
    const auto take = take_argument(name, config.data_dir);
    const auto marked = mark_take(take.data_dir, take.name, text);
    return marked ? kDone : report(marked.error());
}

}  // namespace onetake::cli
