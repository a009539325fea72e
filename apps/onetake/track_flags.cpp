#include "track_flags.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <string>

namespace onetake::cli {

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw CLI::ValidationError(fmt::format("--track-file {}: can't be read", path));
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::array<CLI::Option*, 2> add_track_flags(CommandLine& app, std::vector<TrackSpec>& tracks) {
    const auto add_track = [&tracks](const CLI::results_t& values) {
        for (const auto& value : values) {
            auto spec = parse_track_spec(value);
            if (!spec) throw CLI::ValidationError(spec.error().message);
            tracks.push_back(std::move(*spec));
        }
        return true;
    };
    const auto add_file = [&tracks](const CLI::results_t& values) {
        auto specs = parse_track_specs(text_of(values.back()));
        if (!specs)
            throw CLI::ValidationError(fmt::format("--track-file {}: {}", values.back(), specs.error().message));
        tracks.insert(tracks.end(), specs->begin(), specs->end());
        return true;
    };
    auto* track =
        app.add_option("--track", add_track, "a source, repeatable: NAME=/dev/videoN, =mic:, =rtsp://…, =FILE …")
            ->type_name("NAME=SOURCE")
            ->expected(1)
            ->take_all();
    auto* file = app.add_option("--track-file", add_file, "a file with a source a line")->type_name("FILE");
    return {track, file};
}

}  // namespace onetake::cli
