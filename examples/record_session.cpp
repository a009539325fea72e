// Records the frames that a program makes as one encoded video, with a choice of codec: an empty scene with a bar that
// moves, here. The file has every frame at its own time.
//
//   record_session [SECONDS [CODEC]]       record_session 10 libx265

#include <onetake/video_recorder.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <time.h>
#include <vector>

namespace {

constexpr int kWidth = 640, kHeight = 360;
constexpr double kFps = 25;

/// Seconds on CLOCK_MONOTONIC: what every stamp of a frame is.
double now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void wait_until(double t) {
    const timespec time{static_cast<time_t>(t), static_cast<long>((t - std::floor(t)) * 1e9)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

/// A bar that moves to the right; BGR.
std::vector<std::uint8_t> bar(int number) {
    std::vector<std::uint8_t> pixels(std::size_t{3} * kWidth * kHeight, 32);
    const int left = number * 8 % (kWidth - 40);
    for (int y = 0; y < kHeight; ++y)
        for (int x = left; x < left + 40; ++x) pixels[3 * static_cast<std::size_t>(y * kWidth + x) + 1] = 200;
    return pixels;
}

int report(const onetake::Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    onetake::VideoRecordingConfig config;
    config.codec = argc > 2 ? argv[2] : "auto";
    config.fps = kFps;
    const double seconds = argc > 1 ? std::atof(argv[1]) : 2;

    const auto recorder = onetake::VideoRecorder::create(config);
    if (!recorder) return report(recorder.error());
    const auto handle = (*recorder)->start("session");
    if (!handle) return report(handle.error());

    const double start = now();
    for (int number = 0; number / kFps < seconds; ++number) {
        wait_until(start + number / kFps);
        const auto pixels = bar(number);
        onetake::VideoFrame frame;
        frame.width = kWidth;
        frame.height = kHeight;
        frame.bytes = pixels;
        frame.t = now();
        if (const auto tapped = (*recorder)->tap_frame(*handle, frame); !tapped) return report(tapped.error());
    }

    const auto result = (*recorder)->stop(*handle);
    if (!result) return report(result.error());
    std::printf("%s: %llu frames by %s\n", result->path.c_str(), static_cast<unsigned long long>(result->frames),
                result->codec.c_str());
    for (const auto& note : result->notes) std::printf("note: %s\n", note.c_str());
    for (const auto& failure : result->failures) std::fprintf(stderr, "%s\n", failure.c_str());
    return result->failures.empty() ? 0 : 1;
}
