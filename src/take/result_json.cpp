#include "take/metrics_json.h"

#include <onetake/metrics.h>

#include <nlohmann/json.hpp>
#include <string>

namespace onetake {

std::string to_json(const TakeResult& result) {
    auto path = [](const std::string& p) {
        return p.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(p);
    };
    const nlohmann::ordered_json object = {{"name", result.name},
                                           {"id", path(result.id)},
                                           {"frames_dir", path(result.frames_dir)},
                                           {"wav_path", path(result.wav_path)},
                                           {"enhanced_wav_path", path(result.enhanced_wav_path)},
                                           {"manifest_path", path(result.manifest_path)},
                                           {"mp4_path", path(result.mp4_path)},
                                           {"metrics", metrics_json(result.metrics)}};
    return object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace onetake
