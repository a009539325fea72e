#include <onetake/track_spec.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = TrackSpec::Kind;

TrackSpec parsed(std::string_view text) {
    auto spec = parse_track_spec(text);
    EXPECT_TRUE(spec) << spec.error().message;
    return spec ? *spec : TrackSpec{};
}

TEST(TrackSpec, EveryKindOfSourceIsRecognised) {
    EXPECT_EQ(parsed("Ada=/dev/video0").kind, Kind::camera);
    EXPECT_EQ(parsed("Ada=mic:USB").kind, Kind::microphone);
    EXPECT_EQ(parsed("Ada=mic:USB").source, "USB");
    EXPECT_EQ(parsed("Ada=mic:").source, "");
    EXPECT_EQ(parsed("Ada=rtsp://10.0.0.5/cam").kind, Kind::rtsp);
    EXPECT_EQ(parsed("Ada=RTSPS://10.0.0.5/cam").kind, Kind::rtsp);
    EXPECT_EQ(parsed("Ada=sdp:a/b.sdp").kind, Kind::sdp);
    EXPECT_EQ(parsed("Ada=sdp:a/b.sdp").source, "a/b.sdp");
    EXPECT_EQ(parsed("Ada=call.mkv").kind, Kind::file);
    EXPECT_EQ(parsed("Ada=-").source, "-");
    EXPECT_EQ(parsed("Zoë Ångström=a=b.mp4").name, "Zoë Ångström");
    EXPECT_EQ(parsed("Zoë Ångström=a=b.mp4").source, "a=b.mp4");
}

TEST(TrackSpec, OptionsStandBehindTheName) {
    const auto screen = parsed("Ada:screen=a.mp4");
    EXPECT_TRUE(screen.screen && screen.audio && screen.video);
    EXPECT_EQ(screen.name, "Ada");
    EXPECT_FALSE(parsed("Ada:no-audio=a.mp4").audio);
    EXPECT_FALSE(parsed("Ada:no-video=a.mp4").video);
    const auto both = parsed("Dr: Who:screen:no-audio=a.mp4");
    EXPECT_TRUE(both.screen && !both.audio);
    EXPECT_EQ(both.name, "Dr: Who");
}

TEST(TrackSpec, TimesStandBehindTheSource) {
    EXPECT_DOUBLE_EQ(parsed("A=a.mp4@12.5").join_s, 12.5);
    EXPECT_FALSE(parsed("A=a.mp4@12.5").leave_s);
    const auto both = parsed("A=a.mp4@12.5-40");
    EXPECT_DOUBLE_EQ(both.join_s, 12.5);
    EXPECT_DOUBLE_EQ(both.leave_s.value(), 40);
    EXPECT_EQ(both.source, "a.mp4");
    EXPECT_EQ(parsed("A=mic:USB@3").source, "USB");
    EXPECT_EQ(parsed("A=rtsp://u:p@10.0.0.5/cam@3-4").source, "rtsp://u:p@10.0.0.5/cam");
}

TEST(TrackSpec, AnAtSignThatBeginsNoTimesBelongsToTheSource) {
    for (const char* source :
         {"me@home.mp4", "a@1.2.3", "a@-5", "a@5-", "a@1e3", "rtsp://u:p@10.0.0.5", "rtsp://u@7"}) {
        const auto spec = parsed("A=" + std::string(source));
        EXPECT_EQ(spec.source, source);
        EXPECT_EQ(spec.join_s, 0);
    }
}

TEST(TrackSpec, WhatMakesNoSenseIsRefused) {
    for (const char* text : {"", "Ada", "=a.mp4", ":screen=a.mp4", "Ada=", "Ada=sdp:", "Ada=@5", "Ada=a.mp4@40-12.5",
                             "Ada=a.mp4@5-5", "Ada=a.mp4@99999999999", "Ada:no-audio:no-video=a.mp4",
                             "Ada=http://host/a.mp4", "Ada=file:///etc/passwd", "Ada=a\nb=c"})
        EXPECT_EQ(parse_track_spec(text).error().code, ErrorCode::invalid_argument) << text;
    EXPECT_FALSE(parse_track_spec("A=" + std::string(5000, 'x')));
}

TEST(TrackSpec, CredentialsAreShownNowhere) {
    const auto spec = parsed("A=rtsp://admin:s3cret@10.0.0.5/cam?user=admin&password=s3cret");
    EXPECT_EQ(spec.source, "rtsp://admin:s3cret@10.0.0.5/cam?user=admin&password=s3cret");
    EXPECT_EQ(shown_source(spec), "rtsp://***@10.0.0.5/cam?***");
    EXPECT_EQ(shown_source(parsed("A=rtsp://10.0.0.5/user=admin_password=s3cret_channel=1")),
              "rtsp://10.0.0.5/user=admin_password=***");
    EXPECT_EQ(shown_source(parsed("A=rtsp://a:s3/cr@et@10.0.0.5/cam")), "rtsp://***@10.0.0.5/cam");
    for (const char* bad : {"rtsp://admin:s3cret@10.0.0.5/cam", "=rtsp://admin:s3cret@10.0.0.5/cam@5-1",
                            "A=rtsp://admin:s3cret@10.0.0.5/cam@5-1", "A=http://admin:s3cret@10.0.0.5/cam"})
        EXPECT_THAT(parse_track_spec(bad).error().message, Not(HasSubstr("s3cret")));
}

TEST(TrackSpec, AFileOfTracksHasOneALine) {
    const auto specs = parse_track_specs("# our room\n\nAda=a.mp4@1\r\n  Bob=rtsp://u:p@10.0.0.5/cam\nZ=z.mkv").value();
    ASSERT_EQ(specs.size(), 3U);
    EXPECT_EQ(specs[0].source, "a.mp4");
    EXPECT_EQ(specs[1].name, "Bob");
    EXPECT_EQ(specs[2].source, "z.mkv");
    EXPECT_THAT(parse_track_specs("A=a.mp4\n\nB\n").error().message, HasSubstr("Line 3"));
    EXPECT_TRUE(parse_track_specs("").value().empty());
}

}  // namespace
}  // namespace onetake
