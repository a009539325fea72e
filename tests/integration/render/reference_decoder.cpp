#include "reference_decoder.h"

#include "media/test_pattern.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace onetake::reference {

std::string output_of(const std::string& command) {
    std::string text;
    std::array<char, 65536> piece{};
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) {
        ADD_FAILURE() << "can't run " << command;
        return text;
    }
    while (const auto n = std::fread(piece.data(), 1, piece.size(), pipe)) text.append(piece.data(), n);
    if (::pclose(pipe) != 0) ADD_FAILURE() << "failed: " << command;
    return text;
}

nlohmann::json probe(const std::string& path) {
    return nlohmann::json::parse(
        output_of(fmt::format("ffprobe -v error -of json -show_streams -show_format 'file:{}'", path)));
}

std::vector<Duration> frame_times(const std::string& path, const std::string& stream) {
    const auto seen = nlohmann::json::parse(output_of(fmt::format(
        "ffprobe -v error -of json -select_streams {} -show_entries frame=pts_time 'file:{}'", stream, path)));
    std::vector<Duration> times;
    for (const auto& frame : seen["frames"])
        times.push_back(duration_from_seconds(std::stod(frame["pts_time"].get<std::string>())));
    return times;
}

std::vector<std::string> frames(const std::string& path, const std::string& pixel_format, std::size_t bytes_per_frame,
                                const std::string& stream) {
    const auto bytes = output_of(
        fmt::format("ffmpeg -nostdin -v error -i 'file:{}' -map 0:{} -fps_mode passthrough -f rawvideo -pix_fmt {} -",
                    path, stream, pixel_format));
    EXPECT_EQ(bytes.size() % bytes_per_frame, 0U);
    std::vector<std::string> out;
    for (std::size_t at = 0; at + bytes_per_frame <= bytes.size(); at += bytes_per_frame)
        out.push_back(bytes.substr(at, bytes_per_frame));
    return out;
}

std::vector<std::optional<std::int64_t>> shown_numbers(const std::string& path, int width, int height) {
    std::vector<std::optional<std::int64_t>> numbers;
    for (const auto& luma : frames(path, "gray", static_cast<std::size_t>(width * height)))
        numbers.push_back(
            read_test_frame_number(reinterpret_cast<const std::uint8_t*>(luma.data()), width, height, width));
    return numbers;
}

std::vector<float> audio(const std::string& path) {
    // A later beginning is filled with silence from time 0 on.
    const auto bytes =
        output_of(fmt::format("ffmpeg -nostdin -v error -copyts -i 'file:{}' -map 0:a:0 -ac 1 "
                              "-af aresample=async=1:first_pts=0:min_hard_comp=10 -f f32le -",
                              path));
    std::vector<float> samples(bytes.size() / sizeof(float));
    std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
    return samples;
}

Sync sync(const std::string& path) {
    // Its exit code depends on the sync, which the test judges itself.
    const auto seen = nlohmann::json::parse(output_of(fmt::format("{} --json '{}' || true", ONETAKE_AVSYNC, path)));
    return {seen["pairs"], seen["lone_flashes"], seen["lone_beeps"], seen["worst_ms"], seen["mean_ms"]};
}

void figure(const std::string& name, double value, const std::string& unit) {
    ::testing::Test::RecordProperty(name, fmt::format("{:.4f}", value));
    fmt::print("[ FIGURE   ] {}: {:.4g} {}\n", name, value, unit);
}

}  // namespace onetake::reference
