#include "portaudio/audio_devices.h"

#include <gmock/gmock.h>
#include <vector>

namespace onetake {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AudioDeviceInfo device(int index, std::string name, bool is_default = false) {
    return {index, std::move(name), "ALSA", 2, 48000, is_default};
}

const std::vector<AudioDeviceInfo> kDevices{device(0, "Webcam: USB Audio (hw:1,0)"),
                                            device(2, "Webcam: USB Audio (hw:2,0)"), device(5, "pulse", true),
                                            device(7, "pulse jack"), device(9, "Røde NT: USB Audio (hw:3,0)")};

int chosen(std::string_view wanted) {
    const auto found = choose_audio_device(kDevices, wanted);
    return found ? found->index : -1;
}

TEST(AudioDevices, AreSelectedByDefaultNumberNameOrUniquePartOfAName) {
    EXPECT_EQ(chosen(""), 5);
    EXPECT_EQ(chosen("7"), 7);
    EXPECT_EQ(chosen("pulse"), 5) << "the full name has priority over a part of another";
    EXPECT_EQ(chosen("Røde"), 9);
    EXPECT_EQ(chosen("nt: usb"), 9);
    EXPECT_EQ(chosen("hw:2,0"), 2);
}

TEST(AudioDevices, ListTheMatchesOfAnAmbiguousName) {
    const auto found = choose_audio_device(kDevices, "webcam");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(found.error().message, HasSubstr("0 \"Webcam: USB Audio (hw:1,0)\" (ALSA)"));
    EXPECT_THAT(found.error().message, HasSubstr("2 \"Webcam: USB Audio (hw:2,0)\" (ALSA)"));
    EXPECT_THAT(found.error().message, Not(HasSubstr("pulse")));
}

TEST(AudioDevices, ListAllDevicesIfNothingMatches) {
    for (const auto* wanted : {"Blue Yeti", "3"}) {
        const auto found = choose_audio_device(kDevices, wanted);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, ErrorCode::not_found);
        EXPECT_THAT(found.error().message, HasSubstr(wanted));
        for (const auto& each : kDevices) EXPECT_THAT(found.error().message, HasSubstr(each.name));
    }
    EXPECT_EQ(choose_audio_device({}, "").error().code, ErrorCode::not_found);
}

TEST(AudioDevices, AreFoundAgainWithAnotherCardNumber) {
    const std::vector<AudioDeviceInfo> later{device(1, "Webcam: USB Audio (hw:4,0)"), device(3, "pulse")};
    const auto found = find_again(later, kDevices[0]);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->index, 1);
    EXPECT_EQ(find_again(kDevices, kDevices[2])->index, 5);
}

TEST(AudioDevices, AreDistinguishedFromIdenticalOnes) {
    const std::vector<AudioDeviceInfo> twins{device(1, "Webcam: USB Audio (hw:4,0)"),
                                             device(2, "Webcam: USB Audio (hw:5,0)")};
    EXPECT_FALSE(find_again(twins, kDevices[0]));
    EXPECT_EQ(find_again(kDevices, kDevices[1])->index, 2);
    EXPECT_EQ(find_again({}, kDevices[1]).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace onetake
