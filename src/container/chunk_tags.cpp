#include "container/chunk_tags.h"

#include <charconv>
#include <string_view>

namespace onetake {

namespace {

// Matroska's tags are in upper case.
constexpr std::string_view kRecording = "ONETAKE_RECORDING", kStart = "ONETAKE_CHUNK_START_MS";
constexpr std::int64_t kLatest = std::int64_t{1} << 42;  // 139 years
constexpr std::size_t kLongestName = 200;

}  // namespace

std::vector<std::pair<std::string, std::string>> chunk_tags(const ChunkPlace& place) {
    return {{std::string(kRecording), place.recording}, {std::string(kStart), std::to_string(place.start_ms)}};
}

std::optional<ChunkPlace> chunk_place(const std::vector<std::pair<std::string, std::string>>& tags) {
    ChunkPlace place;
    bool has_start = false;
    for (const auto& [key, value] : tags) {
        if (key == kRecording && value.size() <= kLongestName) place.recording = value;
        if (key != kStart) continue;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), place.start_ms);
        has_start = error == std::errc{} && end == value.data() + value.size() && place.start_ms >= 0 &&
                    place.start_ms <= kLatest;
    }
    if (place.recording.empty() || !has_start) return std::nullopt;
    return place;
}

}  // namespace onetake
