// How long ChunkedWriter::push() takes, above all where a chunk begins: its latencies at 1280x720, 30 fps, in real
// time.
#include "measure.h"
#include "synthetic_frames.h"

#include <onetake/chunked_writer.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <thread>
#include <vector>

namespace {

using namespace onetake;
using namespace onetake::bench;

constexpr int kWidth = 1280, kHeight = 720;
constexpr double kFps = 30;
constexpr double kChunk_s = 0.5;

double percentile(std::vector<double> values, double fraction) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
    constexpr double kDuration_s = 30;
    Report report(argc, argv);
    const WorkFolder folder;
    ChunkedWriterConfig config;
    config.name = "rig";
    config.output_directory = folder / "chunks";
    config.chunk_length_s = kChunk_s;
    VideoStreamConfig camera{kWidth, kHeight, kFps};
    camera.input_pixel_format = "bgr24";
    camera.stream_options = {{"preset", "ultrafast"}};
    config.stream_configs = {{"camera", camera}};
    config.sensor_stream_configs = {{"imu", {}}};
    auto writer = must(ChunkedWriter::create(config));
    must(writer->start());
    SyntheticFrames source(kWidth, kHeight);
    std::vector<std::vector<std::uint8_t>> images(8);
    for (auto& image : images) image = source.next();
    const double begin = seconds(CLOCK_MONOTONIC);
    std::vector<double> all, at_begin;  // ms
    const int frames = static_cast<int>(kDuration_s * kFps);
    long last_chunk = 0;
    for (int i = 0; i < frames; ++i) {
        const double t = begin + i / kFps;
        const double early = t - seconds(CLOCK_MONOTONIC);
        if (early > 0) std::this_thread::sleep_for(std::chrono::duration<double>(early));
        const auto& image = images[static_cast<std::size_t>(i) % images.size()];
        const Stopwatch watch;
        must(writer->push("camera", image, t));
        const double ms = watch.wall() * 1e3;
        must(writer->push("imu", std::span(image).first(48), t));
        all.push_back(ms);
        // The frames around the begin of a chunk: its first, and those while the one before is finished.
        const long chunk = std::lround(std::floor(i / kFps / kChunk_s + 1e-9));
        if (chunk != last_chunk) at_begin.push_back(ms);
        last_chunk = chunk;
    }
    const auto result = must(writer->stop());
    report.add("push() of a 720p frame, copied", {percentile(all, 0.5)}, "ms");
    report.add("push(), 99 % of all", {percentile(all, 0.99)}, "ms");
    report.add("push() where a chunk begins, 99 %", {percentile(at_begin, 0.99)}, "ms", Report::Target::at_most, 5);
    report.add("frames dropped", {static_cast<double>(result.streams[0].dropped)}, "", Report::Target::at_most, 0);
}
