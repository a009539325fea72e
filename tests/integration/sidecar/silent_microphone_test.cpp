// A microphone that opens and delivers nothing, and one that is unplugged, through the real libasound and PortAudio.

#include "base/clock.h"
#include "capture/bounded_call.h"
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

class SilentMicrophone : public ::testing::Test {
 protected:
    void SetUp() override { config_.data_dir = dir_.file("takes"); }

    // start() fails and names the microphone `name`.
    void fail_to_start(const std::string& name) {
        SidecarConfig config = config_;
        config.microphone.device = name;
        auto sidecar = SidecarAudio::create(config).value();
        const auto begin = host_now();
        const auto start = sidecar.start();
        reference::figure("start() with the microphone " + name + " took", to_seconds(host_now() - begin), "s");
        ASSERT_FALSE(start);
        EXPECT_EQ(start.error().code, ErrorCode::timed_out);
        EXPECT_THAT(start.error().message, ::testing::AllOf(HasSubstr("'" + name + "'"), HasSubstr("within 2 s")));
        EXPECT_FALSE(sidecar.is_recording());
    }

    TestMicrophones microphones_{std::vector<TestMicrophones::Microphone>{
        {"deaf", "stall_at 0.000001"}, {"stuck", "start_takes 4"}, {"good", "beep 1"}}};
    TempDir dir_;
    SidecarConfig config_;
};

// One test, because PortAudio reads ALSA's configuration once in a process.
TEST_F(SilentMicrophone, IsNamedAndTheCallReturns) {
    fail_to_start("deaf");
    EXPECT_TRUE(fs::is_empty(dir_.file("takes"))) << "an empty take was left";

    auto good = config_;
    good.microphone.device = "good";
    auto sidecar = SidecarAudio::create(good).value();
    const auto start = sidecar.start();
    ASSERT_TRUE(start) << start.error().message;
    ASSERT_TRUE(sidecar.stop());
    fs::remove_all(dir_.file("takes"));
    fs::create_directory(dir_.file("takes"));

    microphones_.unplug();
    const auto unplugged = sidecar.start();
    ASSERT_FALSE(unplugged);
    EXPECT_THAT(unplugged.error().message, HasSubstr("'good'"));

    EXPECT_TRUE(fs::is_empty(dir_.file("takes")));
    microphones_.plug_in();

    // A driver that hangs is not waited for; its take is removed when it returns. Last, because PortAudio can't be used
    // afterwards.
    fail_to_start("stuck");
    SystemClock clock;
    while (!fs::is_empty(dir_.file("takes"))) clock.wait_until(host_now() + std::chrono::milliseconds(10));
    // Joins its thread, unless PortAudio waits for ever for one that it started.
    const auto deadline = host_now() + std::chrono::seconds(10);
    while (BoundedCall::abandoned() > 0 && host_now() < deadline)
        clock.wait_until(host_now() + std::chrono::milliseconds(10));
}

}  // namespace
}  // namespace onetake
