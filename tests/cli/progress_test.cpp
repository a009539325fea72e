#include "progress.h"

#include "units.h"

#include <gtest/gtest.h>

namespace onetake::cli {
namespace {

Progress recording() {
    Progress progress;
    progress.elapsed_s = 65.4;
    progress.frames = 1950;
    progress.fps = 29.97;
    progress.lost = 2;
    return progress;
}

TEST(ProgressText, ShowsOnlyWhatIsKnown) {
    EXPECT_EQ(progress_text(recording(), {}, 80), "REC 1:05  1950 frames  30.0 fps  2 lost");
}

TEST(ProgressText, ShowsTheGoalTheAudioLevelAndTheDisk) {
    auto progress = recording();
    progress.audio_level_db = -30;
    progress.disk_bytes_left = 123'000'000'000;
    progress.disk_minutes_left = 840;
    EXPECT_EQ(progress_text(progress, 3600, 80),
              "REC 1:05/1:00:00  1950 frames  30.0 fps  2 lost  [#####-----]  disk 123 GB, 14 h");
}

TEST(ProgressText, HasNoRateBeforeOneIsKnown) {
    auto progress = recording();
    progress.fps = 0;
    EXPECT_EQ(progress_text(progress, {}, 80), "REC 1:05  1950 frames  0.0 fps  2 lost");
    progress.elapsed_s = 0.5;
    EXPECT_EQ(progress_text(progress, {}, 80), "REC 0:00  1950 frames  2 lost");
}

TEST(ProgressText, ShowsThatTheAudioClips) {
    auto progress = recording();
    progress.audio_level_db = 0;
    EXPECT_NE(progress_text(progress, {}, 80).find("[##########] CLIPS"), std::string::npos);
}

TEST(ProgressText, DigitalSilenceIsAnEmptyBar) {
    auto progress = recording();
    progress.audio_level_db = -std::numeric_limits<double>::infinity();
    EXPECT_NE(progress_text(progress, {}, 80).find("[----------]"), std::string::npos);
}

TEST(ProgressText, NeverIsWiderThanTheTerminal) {
    EXPECT_EQ(progress_text(recording(), {}, 12), "REC 1:05  19");
}

TEST(ProgressLineOnATerminal, FillsItsRowSoThatAWarningBeginsTheNext) {
    EXPECT_EQ(progress_line("REC 1:05"), "\rREC 1:05\x1b[K\x1b[999C ");
}

TEST(ProgressText, RenderingShowsShareSpeedAndRest) {
    Progress progress;
    progress.phase = Progress::Phase::rendering;
    progress.fraction = 0.45;
    progress.speed = 5.21;
    progress.eta_s = 12.9;
    EXPECT_EQ(progress_text(progress, {}, 80), "rendering  45%  5.2x  0:12 left");
}

TEST(ProgressJson, IsOneObjectWithNullForUnknown) {
    EXPECT_EQ(progress_json(recording()),
              R"({"phase":"recording","elapsed_s":65.4,"frames":1950,"fps":29.97,"lost":2,"audio_level_db":null,)"
              R"("disk_bytes_left":0,"disk_minutes_left":null})");
}

TEST(EventText, NamesTheTrack) {
    EXPECT_EQ(event_text({EventKind::stall, 1, "v1", 0, "no frames for 2 s"}),
              "onetake: warning: v1: no frames for 2 s");
    EXPECT_EQ(event_text({EventKind::note, 1, "", 0, "hello"}), "onetake: hello");
}

TEST(EventJson, HasACountForLossesOnly) {
    EXPECT_EQ(event_json({EventKind::loss, 1.5, "v1", 3, "3 frames gone"}),
              R"({"event":"loss","t":1.5,"track":"v1","count":3,"text":"3 frames gone"})");
    EXPECT_EQ(event_json({EventKind::disk_warning, 2, "", 0, "soon"}),
              R"({"event":"disk_warning","t":2.0,"track":null,"text":"soon"})");
}

TEST(Units, AreShortAndRounded) {
    EXPECT_EQ(clock_text(59.9), "0:59");
    EXPECT_EQ(clock_text(3723), "1:02:03");
    EXPECT_EQ(clock_text(kNotApplicable), "?");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(4'240'000), "4.2 MB");
    EXPECT_EQ(bytes_text(123'456'789'000), "123 GB");
    EXPECT_EQ(bytes_text(999'999), "1.0 MB");
}

}  // namespace
}  // namespace onetake::cli
