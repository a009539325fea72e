#include "progress.h"

#include "suggest.h"
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

TEST(ProgressText, LosesWholeFieldsOnANarrowTerminal) {
    auto progress = recording();
    progress.audio_level_db = -30;
    progress.disk_bytes_left = 123'000'000'000;
    EXPECT_EQ(progress_text(progress, {}, 60), "REC 1:05  1950 frames  30.0 fps  2 lost  [#####-----]");
    EXPECT_EQ(progress_text(progress, {}, 50), "REC 1:05  1950 frames  2 lost  [#####-----]");
    EXPECT_EQ(progress_text(progress, {}, 40), "REC 1:05  2 lost  [#####-----]");
    EXPECT_EQ(progress_text(progress, {}, 20), "REC 1:05  2 lost");
    EXPECT_EQ(progress_text(progress, {}, 10), "REC 1:05");
    EXPECT_EQ(progress_text(progress, {}, 5), "REC 1");
    progress.phase = Progress::Phase::rendering;
    progress.fraction = 0.45;
    progress.speed = 5.21;
    progress.eta_s = 12.9;
    EXPECT_EQ(progress_text(progress, {}, 30), "rendering  45%  0:12 left");
}

TEST(ProgressText, CountsOneFrame) {
    auto progress = recording();
    progress.frames = 1;
    EXPECT_EQ(progress_text(progress, {}, 80), "REC 1:05  1 frame  30.0 fps  2 lost");
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

TEST(Units, DurationsMayHaveUnits) {
    EXPECT_EQ(seconds_of("90"), 90);
    EXPECT_EQ(seconds_of("0.5"), 0.5);
    EXPECT_EQ(seconds_of("500ms"), 0.5);
    EXPECT_EQ(seconds_of("10m"), 600);
    EXPECT_EQ(seconds_of("1h30m"), 5400);
    EXPECT_EQ(seconds_of("1h30m5s"), 5405);
    EXPECT_EQ(seconds_of("1.5h"), 5400);
    for (const auto* wrong : {"", "m", "10x", "30m1h", "1h30", "-5", "1h -5m", "1m1m", "inf", "10 m"})
        EXPECT_FALSE(seconds_of(wrong)) << wrong;
}

TEST(Units, ZeroHasNoSign) {
    EXPECT_EQ(signed_text(-0.4, 0), "0");
    EXPECT_EQ(signed_text(0.04, 1), "0.0");
    EXPECT_EQ(signed_text(-0.6, 0), "-1");
    EXPECT_EQ(signed_text(3, 1), "+3.0");
}

TEST(Units, TextIsWrappedAtSpaces) {
    EXPECT_EQ(wrapped("one two three", 80, 10), "one two three");
    EXPECT_EQ(wrapped("a text of more than twenty columns", 32, 10), "a text of more than\n          twenty columns");
    EXPECT_EQ(wrapped("/a/path/that/has/no/space/at/all and more", 30, 4),
              "/a/path/that/has/no/space/at/all\n    and more");
}

TEST(Suggestions, AreWhatDiffersByAFewLetters) {
    const std::vector<std::string> commands{"record", "recover", "process", "mux", "list"};
    EXPECT_EQ(did_you_mean("recrod", commands), "; did you mean record?");
    EXPECT_EQ(did_you_mean("proces", commands), "; did you mean process?");
    EXPECT_EQ(did_you_mean("lst", commands), "; did you mean list?");
    EXPECT_EQ(did_you_mean("banana", commands), "");
    EXPECT_EQ(did_you_mean("", commands), "");
    EXPECT_EQ(did_you_mean("x", commands), "");
}

}  // namespace
}  // namespace onetake::cli
