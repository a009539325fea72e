#include "commands.h"
#include "config_flags.h"
#include "summary.h"
#include "take_argument.h"
#include "units.h"

#include <onetake/take.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

namespace onetake::cli {

namespace {

std::string_view state_text(TakeState state) {
    switch (state) {
        case TakeState::recording:
            return "recording";
        case TakeState::broken:
            return "broken";
        case TakeState::complete:
            return "complete";
        case TakeState::rendered:
            return "rendered";
    }
    return "?";
}

/// "2024-05-01 12:30:05" in the local time zone, as in names of takes, of an ISO 8601 UTC time.
std::string local_time(const std::string& created) {
    std::tm utc{};
    std::istringstream text(created);
    text >> std::get_time(&utc, "%Y-%m-%dT%H:%M:%S");
    const auto seconds = text.fail() ? std::time_t{-1} : timegm(&utc);
    std::tm local{};
    if (seconds == -1 || localtime_r(&seconds, &local) == nullptr) return created.substr(0, 19);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

/// "3", "480 samples", "3, 480 samples, 2 packets": frames, samples per channel, data packets.
std::string losses_text(const TakeSummary& take) {
    if (take.counters.empty()) return "?";
    std::uint64_t frames = 0, samples = 0, packets = 0;
    for (const auto& c : take.counters)
        (c.kind == "audio" ? samples : c.kind == "data" ? packets : frames) += c.expected - c.written;
    std::string text = frames > 0 || samples + packets == 0 ? fmt::format("{}", frames) : "";
    const auto add = [&](std::uint64_t count, std::string_view unit) {
        if (count > 0) text += (text.empty() ? "" : ", ") + counted_text(count, unit);
    };
    add(samples, "sample");
    add(packets, "packet");
    return text;
}

/// "enhanced audio", for a take's own output file.
std::string output_text(const TakeSummary& take) {
    if (!take.output || take.state != TakeState::rendered) return {};
    return take.output->audio == "none" ? "no audio" : take.output->audio + " audio";
}

std::string table(const std::vector<TakeSummary>& takes) {
    std::size_t width = 4;
    for (const auto& take : takes) width = std::max(width, take.name.size());
    std::string text = fmt::format("{:<{}}  {:<9}  {:>8}  {:>8}  {:>6}  {:>7}  {:<19}  {}\n", "NAME", width, "STATE",
                                   "LENGTH", "FRAMES", "LOST", "SIZE", "CREATED", "MP4 WITH");
    for (const auto& take : takes) {
        text += fmt::format("{:<{}}  {:<9}  {:>8}  {:>8}  {:>6}  {:>7}  {:<19}  {}\n", take.name, width,
                            state_text(take.state), clock_text(take.duration_s), take.frames, losses_text(take),
                            bytes_text(take.bytes), local_time(take.created), output_text(take));
        if (!take.problem.empty())
            text += fmt::format("{:<{}}  {}\n", "", width, wrapped(take.problem, kSummaryWidth, width + 2));
    }
    return text;
}

nlohmann::ordered_json lost_json(const std::vector<TrackCounters>& counters) {
    if (counters.empty()) return nullptr;
    nlohmann::ordered_json object;
    for (const auto& c : counters) object[c.track] = c.expected - c.written;
    return object;
}

nlohmann::ordered_json output_json(const std::optional<OutputFileInfo>& output) {
    if (!output) return nullptr;
    return {
        {"path", output->path},         {"take", output->take},
        {"complete", output->complete}, {"audio", output->audio},
        {"model", output->model},       {"settings", nlohmann::ordered_json::parse(output->settings, nullptr, false)}};
}

std::string json_text(const std::vector<TakeSummary>& takes) {
    auto array = nlohmann::ordered_json::array();
    for (const auto& take : takes) {
        nlohmann::ordered_json object{{"name", take.name}, {"state", state_text(take.state)}};
        object["duration_s"] = std::isfinite(take.duration_s) ? nlohmann::ordered_json(take.duration_s) : nullptr;
        object["frames"] = take.frames;
        object["packets"] = take.packets;
        object["bytes"] = take.bytes;
        object["created"] = take.created;
        object["problem"] = take.problem;
        object["lost"] = lost_json(take.counters);
        object["output"] = output_json(take.output);
        array.push_back(std::move(object));
    }
    return array.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

int list(const Args& args) {
    RecorderConfig config;
    bool json = false;
    CommandLine app{"List the takes: length, size, and whether they are complete and rendered.", "onetake list"};
    add_config_flags(app, config, is_take_folder);
    app.add_flag("--json", json, "print JSON");
    app.footer("Example: onetake list --data-dir /data/takes");
    if (const auto code = parse(app, args)) return *code;

    if (const auto status = check_data_dir(config.data_dir); !status) return report(status.error());
    const auto takes = list_takes(config.data_dir, config.processed_dir);
    if (!takes) return report(takes.error());
    if (json)
        print(json_text(*takes));
    else
        print(takes->empty() ? fmt::format("There is no take in {}.\n", config.data_dir) : table(*takes));
    return kDone;
}

}  // namespace onetake::cli
