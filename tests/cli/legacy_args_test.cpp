#include "legacy_args.h"

#include <gtest/gtest.h>

namespace onetake::cli {
namespace {

TEST(FlatUse, FlagsAloneRecord) {
    EXPECT_EQ(with_command({"--duration", "60", "--name", "interview"}),
              (Args{"record", "--duration", "60", "--name", "interview"}));
}

TEST(FlatUse, ProcessMayBeAFlagAnywhere) {
    EXPECT_EQ(with_command({"--process", "a", "--crf", "20"}), (Args{"process", "a", "--crf", "20"}));
    EXPECT_EQ(with_command({"--data-dir", "x", "--process", "a"}), (Args{"process", "--data-dir", "x", "a"}));
    EXPECT_EQ(with_command({"--process=a"}), (Args{"process", "a"}));
}

TEST(FlatUse, ListsAreDeviceCommands) {
    EXPECT_EQ(with_command({"--list-audio"}), (Args{"devices", "--audio"}));
    EXPECT_EQ(with_command({"--json", "--list-video"}), (Args{"devices", "--video", "--json"}));
}

TEST(FlatUse, DownloadingAModelMayBeAFlag) {
    EXPECT_EQ(with_command({"--download-model", "dpdfnet2"}), (Args{"models", "download", "dpdfnet2"}));
    EXPECT_EQ(with_command({"--download-model=dpdfnet2"}), (Args{"models", "download", "dpdfnet2"}));
}

TEST(FlatUse, VersionMayBeAFlag) {
    EXPECT_EQ(with_command({"--version", "--json"}), (Args{"version", "--json"}));
}

TEST(FlatUse, HelpIsTheProgramsUnlessFlagsComeBeforeIt) {
    EXPECT_EQ(with_command({"--help"}), (Args{"--help"}));
    EXPECT_EQ(with_command({"--fps", "30", "--help"}), (Args{"record", "--fps", "30", "--help"}));
}

TEST(FlatUse, CommandsAndNothingStayAsTheyAre) {
    EXPECT_EQ(with_command({}), Args{});
    EXPECT_EQ(with_command({"list", "--json"}), (Args{"list", "--json"}));
    EXPECT_EQ(with_command({"record", "--name", "--process"}), (Args{"record", "--name", "--process"}));
}

}  // namespace
}  // namespace onetake::cli
