#include <onetake/selftest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace onetake {

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
