// Hooks at a tracker's start and stop add sound to the video that the tracker writes itself. The tracker here pipes its
// frames into the ffmpeg program; any other that has such hooks works the same way.
//
//   tracker_hooks [SECONDS [MICROPHONE]]     without a microphone: beeps of the test source

#include <onetake/onetake.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kWidth = 320, kHeight = 240, kFps = 25;
using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC

double seconds_of(Clock::time_point t) {
    return std::chrono::duration<double>(t.time_since_epoch()).count();
}

/// Somebody else's program: it knows nothing of sound.
struct Tracker {
    std::function<void()> on_start;
    std::function<void(const std::string& video, double first_frame_s)> on_stop;

    bool track(const std::string& video, double seconds) const {
        on_start();
        const std::string encoder =
            "ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt gray -s 320x240 -r 25 -i - " + video;
        FILE* pipe = popen(encoder.c_str(), "w");
        if (pipe == nullptr) return false;
        const auto start = Clock::now();
        for (int n = 0; n < seconds * kFps; ++n) {
            std::this_thread::sleep_until(start + n * std::chrono::milliseconds(1000 / kFps));
            const std::vector<char> frame(kWidth * kHeight, static_cast<char>(n));
            std::fwrite(frame.data(), 1, frame.size(), pipe);
        }
        if (pclose(pipe) != 0) return false;
        on_stop(video, seconds_of(start));
        return true;
    }
};

/// What the hooks call. A failure is reported and costs the sound, never the video.
class SoundRecorder {
 public:
    explicit SoundRecorder(onetake::SidecarAudio sidecar) : sidecar_(std::move(sidecar)) {}

    void start() {
        if (const auto started = sidecar_.start(); !started)
            std::fprintf(stderr, "%s\n", started.error().message.c_str());
    }
    void stop(const std::string& video, double first_frame_s) {
        if (!sidecar_.is_recording()) return;
        if (const auto take = sidecar_.stop(); !take) return report(take.error());
        const auto result = sidecar_.mux(video, first_frame_s);
        if (!result) return report(result.error());
        added_ = true;
        std::printf("%s: %llu frames, sound begins %.3f s after the first\n", result->path.c_str(),
                    static_cast<unsigned long long>(result->video_frames), result->delta_s);
    }
    bool added() const { return added_; }

 private:
    /// The sound is still there: the command adds it later.
    void report(const onetake::Error& error) const {
        std::fprintf(stderr, "%s\nLater: %s\n", error.message.c_str(), sidecar_.mux_command().c_str());
    }

    onetake::SidecarAudio sidecar_;
    bool added_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    onetake::SidecarConfig config;
    config.feed = "tracker";
    config.microphone.source = argc > 2 ? onetake::SourceKind::device : onetake::SourceKind::test;
    if (argc > 2) config.microphone.device = argv[2];
    auto sidecar = onetake::SidecarAudio::create(config);
    if (!sidecar) {
        std::fprintf(stderr, "%s\n", sidecar.error().message.c_str());
        return 1;
    }
    SoundRecorder sound(std::move(*sidecar));
    Tracker tracker;
    tracker.on_start = [&] { sound.start(); };
    tracker.on_stop = [&](const std::string& video, double first_frame_s) { sound.stop(video, first_frame_s); };
    const bool tracked = tracker.track("tracked.mp4", argc > 1 ? std::atof(argv[1]) : 5);
    return tracked && sound.added() ? 0 : 1;
}
