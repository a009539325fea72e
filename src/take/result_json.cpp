#include "take/metrics_json.h"

#include <onetake/metrics.h>

#include <nlohmann/json.hpp>
#include <string>

namespace onetake {

namespace {

nlohmann::ordered_json text_or_null(const std::string& text) {
    return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

std::string dump(const nlohmann::ordered_json& object) {
    return object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

nlohmann::ordered_json outputs_object(const TakeResult& result) {
    nlohmann::ordered_json object = {{"enhanced_wav_path", text_or_null(result.enhanced_wav_path)},
                                     {"mp4_path", text_or_null(result.mp4_path)},
                                     {"mp4_bytes", nullptr},
                                     {"mp4_frames", nullptr},
                                     {"mp4_codec", text_or_null(result.mp4_codec)},
                                     {"mp4_audio", text_or_null(result.mp4_audio)},
                                     {"failures", result.failures}};
    if (!result.mp4_path.empty()) {
        object["mp4_bytes"] = result.mp4_bytes;
        object["mp4_frames"] = result.mp4_frames;
    }
    return object;
}

}  // namespace

std::string outputs_json(const TakeResult& result) {
    auto object = outputs_object(result);
    object["notes"] = result.metrics.notes;
    return dump(object);
}

std::string to_json(const TakeResult& result) {
    nlohmann::ordered_json object = {{"name", result.name},
                                     {"id", text_or_null(result.id)},
                                     {"frames_dir", text_or_null(result.frames_dir)},
                                     {"wav_path", text_or_null(result.wav_path)},
                                     {"manifest_path", text_or_null(result.manifest_path)}};
    object.update(outputs_object(result));
    object["metrics"] = metrics_json(result.metrics);
    return dump(object);
}

}  // namespace onetake
