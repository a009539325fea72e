// A tracker that writes its own video with OpenCV, to which the sound is added afterwards. Its loop is slower than the
// rate that it writes into the file, so each frame's own time is given, too: nothing is lost, and the sound fits.
//
//   opencv_tracker [SECONDS [MICROPHONE]]     without a microphone: beeps of the test source

#include <onetake/onetake.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <thread>

namespace {

constexpr double kLabelFps = 30, kLoopFps = 24;

double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The tracker: frames at kLoopFps into a file of kLabelFps, and a list of when each was captured.
bool track(const std::string& video, const std::string& stamps_path, double seconds) {
    const cv::Size size(320, 240);
    cv::VideoWriter writer(video, cv::VideoWriter::fourcc('m', 'p', '4', 'v'), kLabelFps, size);
    std::ofstream stamps(stamps_path);
    stamps << std::fixed << std::setprecision(9);
    const auto start = std::chrono::steady_clock::now();
    for (int n = 0; n < seconds * kLoopFps && writer.isOpened(); ++n) {
        std::this_thread::sleep_until(start + std::chrono::duration<double>(n / kLoopFps));
        stamps << now_s() << '\n';
        writer.write(cv::Mat(size, CV_8UC3, cv::Scalar(0, n % 256, 0)));
    }
    return writer.isOpened() && stamps.good();
}

int report(const onetake::Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    onetake::SidecarConfig config;
    config.feed = "tracker";
    config.microphone.source = argc > 2 ? onetake::SourceKind::device : onetake::SourceKind::test;
    if (argc > 2) config.microphone.device = argv[2];
    auto sidecar = onetake::SidecarAudio::create(config);
    if (!sidecar) return report(sidecar.error());
    const auto started = sidecar->start();
    if (!started) return report(started.error());

    if (!track("tracked.mp4", "stamps.txt", argc > 1 ? std::atof(argv[1]) : 6)) {
        std::fprintf(stderr, "OpenCV could not write tracked.mp4\n");
        return 1;
    }
    if (const auto take = sidecar->stop(); !take) return report(take.error());

    auto options = onetake::SidecarAudio::in_place();
    options.video_timestamps = "stamps.txt";  // the first one is when the video began
    const auto result = onetake::mux_audio("tracked.mp4", started->take, options);
    if (!result) return report(result.error());
    std::printf("%s: %llu frames, %.2f s\n", result->path.c_str(),
                static_cast<unsigned long long>(result->video_frames), result->video_s);
    return 0;
}
