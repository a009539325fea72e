#include <onetake/selftest.h>

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>

namespace onetake {

std::string summary(const SelftestReport& r) {
    std::string text = fmt::format("onetake {} {}\n", version(), r.passed() ? "works here" : "does NOT work here");
    auto out = std::back_inserter(text);
    for (const auto& check : r.checks)
        fmt::format_to(out, "  {}  {:<12}{}\n", check.passed ? "ok  " : "FAIL", check.name, check.detail);
    fmt::format_to(out, "\n  {:<19}{:.0f} MB/s, synced\n", "disk", r.disk_mb_per_s);
    for (const auto& part : r.capabilities)
        fmt::format_to(out, "  {:<19}{}{}\n", part.name, part.found ? "" : "missing: ", part.detail);
    for (const auto& camera : r.cameras)
        fmt::format_to(out, "  {:<19}{} {}{}\n", "camera", camera.path, camera.name,
                       camera.problem.empty() ? "" : ", can't be used: " + camera.problem);
    if (r.cameras.empty()) fmt::format_to(out, "  {:<19}none found\n", "camera");
    for (const auto& microphone : r.microphones)
        fmt::format_to(out, "  {:<19}{} ({}){}\n", "microphone", microphone.name, microphone.host_api,
                       microphone.is_default ? ", default" : "");
    if (r.microphones.empty())
        fmt::format_to(out, "  {:<19}{}\n", "microphone",
                       r.microphone_problem.empty() ? "none found" : r.microphone_problem);
    for (const auto& note : r.notes) fmt::format_to(out, "  {:<19}{}\n", "note", note);
    return text;
}

std::string to_json(const SelftestReport& r) {
    using nlohmann::ordered_json;
    ordered_json checks = ordered_json::array(), found = ordered_json::array(), cameras = ordered_json::array(),
                 microphones = ordered_json::array();
    for (const auto& c : r.checks) checks.push_back({{"name", c.name}, {"passed", c.passed}, {"detail", c.detail}});
    for (const auto& p : r.capabilities) found.push_back({{"name", p.name}, {"found", p.found}, {"detail", p.detail}});
    for (const auto& c : r.cameras)
        cameras.push_back({{"path", c.path}, {"stable_id", c.stable_id}, {"name", c.name}, {"problem", c.problem}});
    for (const auto& m : r.microphones)
        microphones.push_back({{"name", m.name}, {"host_api", m.host_api}, {"is_default", m.is_default}});
    const ordered_json object = {{"passed", r.passed()},
                                 {"checks", std::move(checks)},
                                 {"worst_ms", r.worst_ms},
                                 {"mean_ms", r.mean_ms},
                                 {"pairs", r.pairs},
                                 {"worst_frame_us", r.worst_frame_us},
                                 {"frames", r.frames},
                                 {"lost", r.lost},
                                 {"render_s", r.render_s},
                                 {"disk_mb_per_s", r.disk_mb_per_s},
                                 {"version", version()},
                                 {"parts", std::move(found)},
                                 {"cameras", std::move(cameras)},
                                 {"microphones", std::move(microphones)},
                                 {"microphone_problem", r.microphone_problem},
                                 {"notes", r.notes}};
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace onetake
