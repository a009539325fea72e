#include "portaudio/microphone.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

TEST(AudioLibraries, PrintNothingOnTheUsersTerminal) {
    ::testing::internal::CaptureStderr();
    static_cast<void>(list_audio_devices());
    MicrophoneOptions absent;
    absent.device = "no such microphone";
    EXPECT_FALSE(Microphone::open(absent));
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace onetake
