#include "config_flags.h"

#include "help_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

bool every_field(const FieldInfo&) {
    return true;
}

FlatConfig config_of(const Args& args) {
    FlatConfig config;
    CommandLine app{"", "record"};
    add_config_flags(app, config, every_field);
    Args reversed(args.rbegin(), args.rend());
    app.parse(reversed);
    return config;
}

std::string refusal_of(const Args& args) {
    try {
        config_of(args);
        return "taken";
    } catch (const CLI::ParseError& error) {
        return error.what();
    }
}

TEST(ConfigFlags, NoFlagLeavesEveryDefault) {
    const FlatConfig defaults;
    const auto config = config_of({});
    EXPECT_EQ(config.video_track.width, defaults.video_track.width);
    EXPECT_EQ(config.video_track.v4l2_controls, defaults.video_track.v4l2_controls);
    EXPECT_EQ(config.video_track.buffersize, std::nullopt);
    EXPECT_EQ(config.rest.data_dir, defaults.rest.data_dir);
}

TEST(ConfigFlags, EveryTypeOfFieldTakesItsValue) {
    const auto config = config_of({"--width", "640", "--fps=59.94", "--data-dir", "/takes", "--buffersize", "4",
                                   "--on-full", "block", "--subsample", "444", "--fourcc", "YUYV"});
    EXPECT_EQ(config.video_track.width, 640);
    EXPECT_EQ(config.video_track.fps, 59.94);
    EXPECT_EQ(config.rest.data_dir, "/takes");
    EXPECT_EQ(config.video_track.buffersize, 4);
    EXPECT_EQ(config_of({"--cfr", "29.97"}).rest.encode.cfr, 29.97);
    EXPECT_EQ(config.rest.store.on_full, OnFull::block);
    EXPECT_EQ(config.rest.store.subsample, Subsample::s444);
    EXPECT_EQ(config.video_track.fourcc, "YUYV");
}

TEST(ConfigFlags, TheShorterSpellingIsTheSameField) {
    EXPECT_EQ(config_of({"--device", "2"}).video_track.device, "2");
    EXPECT_EQ(config_of({"--video-device", "/dev/video3"}).video_track.device, "/dev/video3");
}

TEST(ConfigFlags, BoolsCanBeTurnedBothWays) {
    EXPECT_FALSE(config_of({"--no-audio"}).audio);
    EXPECT_TRUE(config_of({"--no-audio", "--audio"}).audio);
    EXPECT_FALSE(config_of({"--no-convert-rgb"}).video_track.convert_rgb);
    EXPECT_EQ(config_of({"--denoise"}).rest.enhance.enabled, true);
    EXPECT_EQ(config_of({"--no-denoise"}).rest.enhance.enabled, false);
    EXPECT_EQ(config_of({}).rest.enhance.enabled, std::nullopt);
}

TEST(ConfigFlags, ListsCollectTheirFlagsAndNothingElse) {
    const auto config = config_of({"--more-video-devices", "1", "--width", "320", "--more-video-devices", "2"});
    EXPECT_THAT(config.more_video_devices, ElementsAre("1", "2"));
    EXPECT_THAT(refusal_of({"--more-video-devices", "1", "2"}), HasSubstr("not expected"));
}

TEST(ConfigFlags, EveryDeviceIsATrackWithTheSettingsOfItsKind) {
    const auto config = config_of({"--device", "a", "--more-video-devices", "b", "--width", "320", "--source", "test",
                                   "--more-audio-devices", "m", "--sample-rate", "16000"})
                            .config();
    ASSERT_EQ(config.video.size(), 2u);
    ASSERT_EQ(config.audio.size(), 2u);
    EXPECT_EQ(config.video[0].device, "a");
    EXPECT_EQ(config.video[1].device, "b");
    EXPECT_EQ(config.video[1].width, 320);
    EXPECT_EQ(config.audio[0].source, SourceKind::test);
    EXPECT_EQ(config.audio[1].device, "m");
    EXPECT_EQ(config.audio[1].sample_rate, 16000);
    EXPECT_THAT(config_of({"--no-video"}).config().video, IsEmpty());
}

TEST(ConfigFlags, AnEmptyTextEmptiesAList) {
    EXPECT_THAT(config_of({"--v4l2-controls", ""}).video_track.v4l2_controls, IsEmpty());
}

TEST(ConfigFlags, TheLastValueCounts) {
    EXPECT_EQ(config_of({"--crf", "20", "--crf", "18"}).rest.encode.crf, 18);
}

TEST(ConfigFlags, NegativeNumbersAreValues) {
    EXPECT_EQ(config_of({"--latency-offset-ms", "-20.5"}).rest.encode.latency_offset_ms, -20.5);
}

TEST(ConfigFlags, ARefusalNamesFlagValueAndWhatIsAllowed) {
    EXPECT_EQ(refusal_of({"--fps", "5000"}), "--fps 5000: must be a number from 0.1 to 1000");
    EXPECT_EQ(refusal_of({"--width", "12x"}), "--width 12x: must be a whole number from 16 to 16384");
    EXPECT_EQ(refusal_of({"--crf", "nan"}), "--crf nan: must be a whole number from 0 to 51");
    EXPECT_EQ(refusal_of({"--fps", "nan"}), "--fps nan: must be a number from 0.1 to 1000");
    EXPECT_EQ(refusal_of({"--quality", ""}), "--quality '': must be a whole number from 1 to 100");
    EXPECT_EQ(refusal_of({"--on-full", "wait"}), "--on-full wait: must be one of drop, block");
    EXPECT_EQ(refusal_of({"--denoise-provider", "tpu"}),
              "--denoise-provider tpu: must be one of cpu, cuda; did you mean cpu?");
    EXPECT_EQ(refusal_of({"--width", "99999999999999999999"}),
              "--width 99999999999999999999: must be a whole number from 16 to 16384");
}

TEST(ConfigFlags, HelpShowsTheCommonOnesAndHelpAllEveryField) {
    FlatConfig config;
    CommandLine app{"", "record"};
    add_config_flags(app, config, every_field);
    const auto common = help_text(app, HelpScope::common);
    const auto all = help_text(app, HelpScope::all);
    EXPECT_THAT(common, HasSubstr("--device TEXT"));
    EXPECT_THAT(common, HasSubstr("--[no-]audio "));
    EXPECT_EQ(common.find("--queue-size"), std::string::npos);
    visit_fields(config, [&](const FieldInfo& field, const auto&) {
        std::string flag(field.name == "video_device" ? "device" : field.name == "store_codec" ? "store" : field.name);
        std::replace(flag.begin(), flag.end(), '_', '-');
        EXPECT_TRUE(all.find("  --" + flag + " ") != std::string::npos ||
                    all.find("  --[no-]" + flag + " ") != std::string::npos)
            << flag;
    });
}

}  // namespace
}  // namespace onetake::cli
