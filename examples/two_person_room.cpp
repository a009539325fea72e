// Records a room of two people into one file: Alice with picture and sound, Bob, who comes a moment later, with sound
// only, and at last Alice's screen. Pictures and tones are made up here; a program gets them from its calls.
//
//   two_person_room [SECONDS [composite|tracks]]

#include <onetake/room.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <time.h>
#include <vector>

namespace {

constexpr int kWidth = 320, kHeight = 180, kRate = 16000, kBlock = 320;  // 20 ms
constexpr double kFps = 25;

/// Seconds on CLOCK_MONOTONIC: what every time in a room is.
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
std::vector<std::uint8_t> picture(int number, std::uint8_t blue) {
    std::vector<std::uint8_t> pixels(std::size_t{3} * kWidth * kHeight, 48);
    const int left = number * 4 % (kWidth - 20);
    for (int y = 0; y < kHeight; ++y)
        for (int x = left; x < left + 20; ++x) pixels[3 * static_cast<std::size_t>(y * kWidth + x)] = blue;
    return pixels;
}

std::vector<std::int16_t> tone(int block, double hertz) {
    std::vector<std::int16_t> samples;
    for (int i = 0; i < kBlock; ++i)
        samples.push_back(
            static_cast<std::int16_t>(4000 * std::sin(6.283185307 * hertz * (block * kBlock + i) / kRate)));
    return samples;
}

int report(const onetake::Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 10;
    onetake::FileRecordingConfig config;
    config.width = 640;
    config.height = 360;
    config.video_fps = kFps;
    if (argc > 2 && std::string(argv[2]) == "tracks") config.layout = onetake::RoomLayout::tracks;

    auto recorder = onetake::FileMediaRecorder::create(config);
    if (!recorder) return report(recorder.error());
    auto room = onetake::Room::create({.name = "two people"});
    if (!room) return report(room.error());
    if (auto bound = (*room)->bind({std::move(*recorder), {}, "file"}); !bound) return report(bound.error());

    const auto join = [&](const char* who, onetake::RoomMedia media) {
        onetake::RoomTrackConfig track;
        track.media = media;
        track.fps = kFps;
        track.sample_rate = kRate;
        return (*room)->join(who, track);
    };
    const auto camera = join("Alice", onetake::RoomMedia::video);
    const auto microphone = join("Alice", onetake::RoomMedia::audio);
    if (!camera) return report(camera.error());
    if (!microphone) return report(microphone.error());
    std::optional<onetake::RecordingTrack> bob, screen;

    const double begin = now();
    for (int i = 0; i < static_cast<int>(seconds * kFps); ++i) {
        const double t = begin + i / kFps;
        wait_until(t);
        const auto pixels = picture(i, 220);
        onetake::VideoFrame frame;
        frame.width = kWidth;
        frame.height = kHeight;
        frame.bytes = pixels;
        frame.t = t;
        (void)(*room)->push_video(*camera, frame);  // what is dropped or refused is counted
        for (int k = 0; k < 2; ++k)                 // two blocks of 20 ms for each frame
            (void)(*room)->push_audio(*microphone, tone(2 * i + k, 440), t + k * 0.02);
        if (i == static_cast<int>(kFps / 2)) {
            if (auto joined = join("Bob", onetake::RoomMedia::audio)) bob = *joined;
            if (auto joined = join("Alice", onetake::RoomMedia::screen_share)) screen = *joined;
        }
        if (bob)
            for (int k = 0; k < 2; ++k) (void)(*room)->push_audio(*bob, tone(2 * i + k, 660), t + k * 0.02);
        if (screen && i % 5 == 0) {
            const auto shared = picture(i, 80);
            frame.bytes = shared;
            (void)(*room)->push_video(*screen, frame);
        }
    }
    (*room)->leave("Bob");

    const auto results = (*room)->close();
    const auto& file = results.front().recording;
    for (const auto& failure : file.failures) std::fprintf(stderr, "%s\n", failure.c_str());
    for (const auto& track : file.tracks)
        for (const auto& interval : track.intervals)
            std::printf("%s, %s: %.2f to %.2f s\n", track.participant.c_str(),
                        std::string(onetake::to_string(track.media)).c_str(), interval.from_s, interval.to_s);
    std::printf("%s: %.2f s\n", file.path.c_str(), file.duration_s);
    return file.failures.empty() && !file.path.empty() ? 0 : 1;
}
