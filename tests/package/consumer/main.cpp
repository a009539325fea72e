#include <onetake/onetake.h>

#include <cstdio>

int main() {
    onetake::RecorderConfig config;
    config.video.front().source = onetake::SourceKind::test;
    config.audio.front().source = onetake::SourceKind::test;
    if (!onetake::AVRecorder::create(config)) return 1;
    config.video.front().fps = -1;
    if (onetake::AVRecorder::create(config)) return 1;
    std::printf("%s\n", onetake::version().c_str());
}
