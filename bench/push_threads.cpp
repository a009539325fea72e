// push_threads DATA_DIR NAME bgr|jpeg FRAMES FILE SIZE...: four threads push FRAMES frames each, from FILE, to four
// tracks of a take; prints frames per second. The counterpart of python_push_bench.py's four Python threads.
#include "measure.h"

#include <onetake/recorder.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string_view>
#include <thread>

namespace {

using namespace onetake;
using namespace onetake::bench;

constexpr int kWidth = 1280, kHeight = 720, kThreads = 4, kWarmUp = 8;

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 6) return 2;
    RecorderConfig config;
    config.video.assign(kThreads, VideoTrackConfig{});
    for (auto& track : config.video) track.source = SourceKind::external;
    config.audio.clear();
    config.instant_mp4 = false;
    config.store.on_full = OnFull::block;
    config.store.queue_size = 16;
    config.data_dir = arguments[0];
    const bool jpeg = arguments[2] == "jpeg";
    const int frames = std::stoi(arguments[3]);
    std::ifstream file(arguments[4], std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::span<const std::uint8_t>> payloads;
    const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
    for (std::size_t i = 5; i < arguments.size(); ++i) {
        payloads.emplace_back(at, std::stoul(arguments[i]));
        at += payloads.back().size();
    }

    auto recorder = must(AVRecorder::create(config));
    must(recorder.start(arguments[1]));
    const auto together = [&](int count) {
        const Stopwatch watch;
        std::vector<std::jthread> threads;
        for (int track = 0; track < kThreads; ++track)
            threads.emplace_back([&, track] {
                for (int i = 0; i < count; ++i) {
                    const auto payload = payloads[static_cast<std::size_t>(i) % payloads.size()];
                    must(jpeg ? recorder.push_jpeg(payload, {}, track)
                              : recorder.push_video(ImageView{kWidth, kHeight, 0, payload}, {}, track));
                }
            });
        threads.clear();
        return kThreads * count / watch.wall();
    };
    together(kWarmUp);
    std::printf("%f\n", together(frames));
    must(recorder.stop(false, false));
}
