#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace onetake::testing {

/// A temporary folder of one test, removed with its contents.
class ScratchFolder {
 public:
    ScratchFolder() {
        auto name = (std::filesystem::temp_directory_path() / "onetake-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() { std::filesystem::remove_all(path_); }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
        return names;
    }

 private:
    std::string path_;
};

/// A program's stdout.
inline std::string output_of(const std::string& command) {
    std::string text;
    std::array<char, 65536> buffer{};
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return text;
    for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), n);
    ::pclose(pipe);
    return text;
}

/// ffprobe's report of a file.
inline nlohmann::json probed(const std::string& path, const std::string& what = "-show_streams -show_format") {
    return nlohmann::json::parse(output_of("ffprobe -v quiet -of json " + what + " '" + path + "'"), nullptr, false);
}

/// Presentation times in seconds of all decoded frames of one stream ("v:0"), in decoder output order.
inline std::vector<double> decoded_times(const std::string& path, const std::string& stream) {
    std::vector<double> times;
    const auto seen = probed(path, "-select_streams " + stream + " -show_frames -show_entries frame=pts_time");
    for (const auto& frame : seen["frames"]) times.push_back(std::atof(frame["pts_time"].get<std::string>().c_str()));
    return times;
}

/// The first audio track decoded by ffmpeg to interleaved floats: sample k is at media time k / rate.
inline std::vector<float> decoded_audio(const std::string& path) {
    // A later beginning is filled with silence from time 0 on, and what lies before it (Matroska's priming) cut off.
    const auto bytes = output_of("ffmpeg -v error -copyts -i '" + path +
                                 "' -map 0:a:0 -af aresample=async=1:first_pts=0:min_hard_comp=10 -f f32le -");
    std::vector<float> samples(bytes.size() / sizeof(float));
    std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
    return samples;
}

/// The names of an MP4's top boxes, in order.
inline std::vector<std::string> top_boxes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> names;
    std::array<unsigned char, 16> header{};
    std::uint64_t at = 0;
    while (file.seekg(static_cast<std::streamoff>(at)) && file.read(reinterpret_cast<char*>(header.data()), 8)) {
        std::uint64_t size = std::uint64_t{header[0]} << 24 | header[1] << 16 | header[2] << 8 | header[3];
        names.emplace_back(reinterpret_cast<const char*>(header.data()) + 4, 4);
        if (size == 1) {
            file.read(reinterpret_cast<char*>(header.data()), 8);
            size = 0;
            for (std::size_t i = 0; i < 8; ++i) size = size << 8 | header[i];
        }
        if (size < 8) break;
        at += size;
    }
    return names;
}

}  // namespace onetake::testing
