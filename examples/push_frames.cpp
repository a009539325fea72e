// A program that makes its own video and audio: it pushes both with their capture times, and gets an MP4 that shows
// every frame at its time, however irregular those times are.
//
//   push_frames [SECONDS]

#include <onetake/onetake.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <span>
#include <time.h>
#include <vector>

namespace {

constexpr int kWidth = 640, kHeight = 360;
constexpr int kSampleRate = 48000;
constexpr int kBlock = 480;              // samples pushed at a time: 10 ms
constexpr double kFrameTime = 1.0 / 25;  // seconds between frames, on average
constexpr double kJitter = 0.004;        // and how far they deviate
constexpr double kSampleTime = 1.0 / kSampleRate;

/// Seconds on CLOCK_MONOTONIC: what every stamp of a push is.
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

/// A 440 Hz tone, continued from sample `first`.
std::vector<float> tone(std::int64_t first) {
    std::vector<float> samples(kBlock);
    for (int i = 0; i < kBlock; ++i) {
        const double seconds = static_cast<double>(first + i) * kSampleTime;
        samples[static_cast<std::size_t>(i)] = static_cast<float>(0.2 * std::sin(2 * std::numbers::pi * 440 * seconds));
    }
    return samples;
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    onetake::RecorderConfig config;
    config.video.front().source = onetake::SourceKind::external;
    config.audio.front().source = onetake::SourceKind::external;
    config.video.front().width = kWidth;
    config.video.front().height = kHeight;
    config.video.front().fps = 1 / kFrameTime;
    config.audio.front().sample_rate = kSampleRate;

    auto recorder = onetake::AVRecorder::create(config);
    if (!recorder) {
        std::fprintf(stderr, "%s\n", recorder.error().message.c_str());
        return 1;
    }
    if (const auto started = recorder->start(); !started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        return 1;
    }

    const double begin = now();
    int frame = 0;
    for (std::int64_t sample = 0; static_cast<double>(sample) * kSampleTime < seconds; sample += kBlock) {
        const double block_time = begin + static_cast<double>(sample) * kSampleTime;
        wait_until(block_time + kBlock * kSampleTime);
        if (const auto pushed = recorder->push_audio(std::span<const float>(tone(sample)), block_time); !pushed)
            std::fprintf(stderr, "audio: %s\n", pushed.error().message.c_str());

        const double frame_time = begin + frame * kFrameTime + kJitter * std::sin(frame);
        if (frame_time > now()) continue;
        if (const auto pushed = recorder->push_video(bar(frame++), kWidth, kHeight, frame_time); !pushed)
            std::fprintf(stderr, "video: %s\n", pushed.error().message.c_str());
    }

    const auto result = recorder->stop();
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        return 1;
    }
    std::printf("%s: %llu frames, %llu samples, %s\n", result->name.c_str(),
                static_cast<unsigned long long>(result->metrics.frames),
                static_cast<unsigned long long>(result->metrics.audio_samples), result->mp4_path.c_str());
    return result->mp4_path.empty() ? 1 : 0;
}
