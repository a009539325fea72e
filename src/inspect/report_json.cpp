#include <onetake/take.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace onetake {

namespace {

using nlohmann::ordered_json;

std::string_view state(const CheckReport& r) {
    if (r.recording) return "recording";
    if (r.needs_recovery) return "broken";
    return r.whole() ? "whole" : "losses";
}

ordered_json finite(double value) {
    return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json check_json(const CheckReport& r) {
    auto losses = ordered_json::array();
    for (const auto& l : r.losses)
        losses.push_back({{"track", l.track},
                          {"cause", to_string(l.cause)},
                          {"count", l.count},
                          {"seconds", l.seconds > 0 ? ordered_json(l.seconds) : ordered_json(nullptr)},
                          {"bytes", l.bytes > 0 ? ordered_json(l.bytes) : ordered_json(nullptr)},
                          {"at_s", finite(l.at_s)},
                          {"which", l.which}});
    return {{"name", r.name},
            {"state", state(r)},
            {"recording", r.recording},
            {"closed", r.closed},
            {"needs_recovery", r.needs_recovery},
            {"duration_s", finite(r.duration_s)},
            {"frames", r.frames},
            {"samples", r.samples},
            {"packets", r.packets},
            {"bytes", r.bytes},
            {"losses", std::move(losses)},
            {"findings", r.findings}};
}

std::string dump(const ordered_json& object) {
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const CheckReport& report) {
    return dump(check_json(report));
}

std::string to_json(const RecoverReport& report) {
    auto object = check_json(report.take);
    object["steps"] = report.steps;
    object["cut_bytes"] = report.cut_bytes;
    return dump(object);
}

}  // namespace onetake
