#include <onetake/chunked_writer.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace onetake {

bool ChunkedResult::lossy() const {
    return std::ranges::any_of(streams, [](const ChunkedStream& s) { return s.dropped + s.lost > 0; });
}

std::string to_json(const ChunkedResult& result) {
    using nlohmann::ordered_json;
    auto chunks = ordered_json::array(), streams = ordered_json::array();
    for (const auto& c : result.chunks)
        chunks.push_back({{"id", c.id}, {"start_s", c.start_s}, {"duration_s", c.duration_s}, {"bytes", c.bytes}});
    for (const auto& s : result.streams)
        streams.push_back({{"name", s.name},
                           {"kind", s.kind},
                           {"codec", s.codec},
                           {"pushed", s.pushed},
                           {"written", s.written},
                           {"dropped", s.dropped},
                           {"refused", s.refused},
                           {"lost", s.lost}});
    const ordered_json object{{"directory", result.directory},
                              {"recording", result.recording},
                              {"duration_s", result.duration_s},
                              {"chunks", chunks},
                              {"streams", streams},
                              {"take", result.take.empty() ? ordered_json(nullptr) : ordered_json(result.take)},
                              {"notes", result.notes},
                              {"failures", result.failures}};
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace onetake
