// Receives the enhanced audio while it is recorded, as a transcriber or a monitor would: here a line per second shows
// its peak and how long ago it was captured. The take and its MP4 are made as always.
//
//   listen_live MODEL [SECONDS [CAMERA [MICROPHONE]]]     without a camera: test pattern and tone
//
// MODEL is a file; `onetake models download dpdfnet2` fetches one.

#include <onetake/onetake.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

double now() {  // steady_clock is CLOCK_MONOTONIC on Linux
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: listen_live MODEL [SECONDS [CAMERA [MICROPHONE]]]\n");
        return 2;
    }
    onetake::RecorderConfig config;
    config.video.front().source = argc > 3 ? onetake::SourceKind::device : onetake::SourceKind::test;
    config.audio.front().source = argc > 3 ? onetake::SourceKind::device : onetake::SourceKind::test;
    if (argc > 3) config.video.front().device = argv[3];
    if (argc > 4) config.audio.front().device = argv[4];
    config.enhance.enabled = true;
    config.enhance.model = argv[1];

    auto recorder = onetake::AVRecorder::create(config);
    if (!recorder) {
        std::fprintf(stderr, "%s\n", recorder.error().message.c_str());
        return 1;
    }
    int loudest = 0;
    recorder->on_enhanced_audio([&](const onetake::EnhancedAudio& audio) {
        for (const int sample : audio.samples) loudest = std::max(loudest, std::abs(sample));
        const auto end = audio.first_sample + static_cast<std::int64_t>(audio.samples.size());
        if (end / audio.sample_rate == audio.first_sample / audio.sample_rate) return;
        const double length = static_cast<double>(audio.samples.size()) / audio.sample_rate;
        std::printf("second %lld: peak %d, captured %.2f s ago\n", static_cast<long long>(end / audio.sample_rate),
                    loudest, now() - (audio.t + length));
        loudest = 0;
    });
    const auto take = recorder->record(argc > 2 ? std::atof(argv[2]) : 5);
    if (!take) {
        std::fprintf(stderr, "%s\n", take.error().message.c_str());
        return 1;
    }
    for (const auto& note : take->metrics.notes) std::printf("note: %s\n", note.c_str());
    std::printf("%s\n", take->mp4_path.c_str());
}
