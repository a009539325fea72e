#include <onetake/merge.h>

#include <nlohmann/json.hpp>

namespace onetake {

std::string to_json(const MergeResult& result) {
    auto streams = nlohmann::ordered_json::array();
    for (const auto& stream : result.streams)
        streams.push_back({{"kind", stream.kind}, {"codec", stream.codec}, {"packets", stream.packets}});
    return nlohmann::ordered_json{
        {"path", result.path},        {"bytes", result.bytes},         {"duration_s", result.duration_s},
        {"parts", result.parts},      {"streams", std::move(streams)}, {"notes", result.notes},
        {"failures", result.failures}}
        .dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace onetake
