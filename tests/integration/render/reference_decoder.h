#pragma once

#include "base/time.h"

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

/// A rendered file as decoded by the ffmpeg programs, which share no code with this project.
namespace onetake::reference {

/// What a shell command prints; the running test fails if the command did.
std::string output_of(const std::string& command);

/// ffprobe's streams and format.
nlohmann::json probe(const std::string& path);

/// Presentation times of the decoded frames of one stream ("v:0"), to the microsecond.
std::vector<Duration> frame_times(const std::string& path, const std::string& stream = "v:0");

/// Decodes one stream's frames to raw bytes of a pixel format of ffmpeg's ("rgb24"), one string for each.
std::vector<std::string> frames(const std::string& path, const std::string& pixel_format, std::size_t bytes_per_frame,
                                const std::string& stream = "v:0");

/// The numbers that the test pattern shows in frames of `width` x `height`; empty where none can be read.
std::vector<std::optional<std::int64_t>> shown_numbers(const std::string& path, int width, int height);

/// The first audio track, mono: sample k is at media time k / rate.
std::vector<float> audio(const std::string& path);

struct Sync {
    std::size_t pairs = 0, lone_flashes = 0, lone_beeps = 0;
    double worst_ms = 0, mean_ms = 0;
};
/// How far flashes and beeps are apart, by the avsync_check program.
Sync sync(const std::string& path);

/// Prints a figure and keeps it in the test's record.
void figure(const std::string& name, double value, const std::string& unit);

}  // namespace onetake::reference
