// Records until the program is ended: after Ctrl-C or SIGTERM the take is closed, complete.
//
//   stop_on_signal [CAMERA [MICROPHONE]]     without a camera: test pattern and tone

#include <onetake/onetake.h>

#include <atomic>
#include <cstdio>
#include <limits>
#include <signal.h>

namespace {

std::atomic<onetake::AVRecorder*> running{nullptr};

/// request_stop() is made for this: it may be called from a signal handler.
void end_take(int) {
    if (auto* recorder = running.load()) recorder->request_stop();
}

}  // namespace

int main(int argc, char** argv) {
    onetake::RecorderConfig config;
    config.video.front().source = argc > 1 ? onetake::SourceKind::device : onetake::SourceKind::test;
    config.audio.front().source = argc > 1 ? onetake::SourceKind::device : onetake::SourceKind::test;
    if (argc > 1) config.video.front().device = argv[1];
    if (argc > 2) config.audio.front().device = argv[2];

    auto recorder = onetake::AVRecorder::create(config);
    if (!recorder) {
        std::fprintf(stderr, "%s\n", recorder.error().message.c_str());
        return 1;
    }
    running = &*recorder;
    signal(SIGINT, end_take);
    signal(SIGTERM, end_take);

    recorder->on_progress([](const onetake::Progress& progress) {
        std::fprintf(stderr, "%.1f s, %llu frames\n", progress.elapsed_s,
                     static_cast<unsigned long long>(progress.frames));
    });
    const auto result = recorder->record(std::numeric_limits<double>::infinity());
    running = nullptr;
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        return 1;
    }
    std::printf("%s: %.1f s, %llu frames, %s\n", result->name.c_str(), result->metrics.duration_s,
                static_cast<unsigned long long>(result->metrics.frames), result->mp4_path.c_str());
    return result->mp4_path.empty() ? 1 : 0;
}
