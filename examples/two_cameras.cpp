// Two cameras and a microphone in one take: each camera is a video track of its own, all on one timeline.
//
//   two_cameras [SECONDS [CAMERA CAMERA]]     without cameras: two test patterns

#include <onetake/onetake.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    onetake::RecorderConfig config;
    const auto source = argc > 3 ? onetake::SourceKind::device : onetake::SourceKind::test;
    config.audio.front().source = source;
    config.video.resize(2);
    for (auto& camera : config.video) {
        camera.source = source;
        camera.width = 640;
        camera.height = 480;
    }
    if (argc > 3) {
        config.video[0].device = argv[2];
        config.video[1].device = argv[3];
    }

    const auto result = onetake::AVRecorder::create(config).and_then(
        [&](onetake::AVRecorder recorder) { return recorder.record(seconds); });
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        return 1;
    }
    for (const auto& track : result->metrics.counters)
        std::printf("%s: %llu of %llu %s\n", track.track.c_str(), static_cast<unsigned long long>(track.written),
                    static_cast<unsigned long long>(track.expected),
                    track.kind == "video" ? "frames" : "samples per channel");
    std::printf("%s\n", result->mp4_path.c_str());
    return result->mp4_path.empty() ? 1 : 0;
}
