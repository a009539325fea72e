// Capture now, render later: the first recorder only writes the take; a second one, which could run tomorrow or on
// another machine, makes the MP4 from the take's name.
//
//   record_then_replay [SECONDS [CAMERA [MICROPHONE]]]     without a camera: test pattern and tone

#include <onetake/onetake.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    onetake::RecorderConfig config;
    config.video.front().source = argc > 2 ? onetake::SourceKind::device : onetake::SourceKind::test;
    config.audio.front().source = argc > 2 ? onetake::SourceKind::device : onetake::SourceKind::test;
    if (argc > 2) config.video.front().device = argv[2];
    if (argc > 3) config.audio.front().device = argv[3];

    const auto captured = onetake::AVRecorder::create(config).and_then([&](onetake::AVRecorder recorder) {
        return recorder.record(seconds, "", /*make_mp4=*/false, /*enhance=*/false);
    });
    if (!captured) {
        std::fprintf(stderr, "capture: %s\n", captured.error().message.c_str());
        return 1;
    }
    std::printf("captured %s: %llu frames in %.1f s\n", captured->name.c_str(),
                static_cast<unsigned long long>(captured->metrics.frames), captured->metrics.duration_s);

    onetake::RecorderConfig later;
    later.encode.crf = 20;  // there is time now for better quality
    const auto rendered = onetake::AVRecorder::create(later).and_then(
        [&](onetake::AVRecorder recorder) { return recorder.process(captured->name); });
    if (!rendered) {
        std::fprintf(stderr, "render: %s\n", rendered.error().message.c_str());
        return 1;
    }
    std::printf("%s\n", rendered->mp4_path.c_str());
}
