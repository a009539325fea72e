// A microphone that opens and delivers nothing, and one that is unplugged, through the real libasound and PortAudio.

#include "base/clock.h"
#include "integration/render/reference_decoder.h"
#include "support/temp_dir.h"
#include "support/test_microphones.h"

#include <onetake/sidecar.h>

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(SilentMicrophone, IsNamedAndTheCallReturns) {
    TestMicrophones microphones(std::vector<TestMicrophones::Microphone>{{"deaf", "stall_at 0.000001"}});
    const TempDir dir;
    RecorderConfig config;
    config.data_dir = dir.file("takes");
    auto sidecar = SidecarAudio::create(config, "cam").value();
    const auto begin = host_now();
    const auto start = sidecar.start();
    reference::figure("start() with a silent microphone took", to_seconds(host_now() - begin), "s");
    ASSERT_FALSE(start);
    EXPECT_EQ(start.error().code, ErrorCode::timed_out);
    EXPECT_THAT(start.error().message, ::testing::AllOf(HasSubstr("'deaf'"), HasSubstr("within 2 s")));
    EXPECT_FALSE(sidecar.is_recording());
    EXPECT_TRUE(fs::is_empty(dir.file("takes"))) << "an empty take was left";

    microphones.unplug();
    const auto unplugged = sidecar.start();
    ASSERT_FALSE(unplugged);
    EXPECT_THAT(unplugged.error().message, HasSubstr("icrophone"));
    EXPECT_TRUE(fs::is_empty(dir.file("takes")));
}

}  // namespace
}  // namespace onetake
