#include "v4l2/v4l2_controls.h"

#include "fake_v4l2.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

FakeCamera camera_with(std::vector<FakeControl> controls) {
    FakeCamera camera;
    camera.controls = std::move(controls);
    return camera;
}

V4l2ControlReport set(FakeV4l2& kernel, const std::vector<std::string>& texts) {
    std::vector<V4l2ControlSetting> settings;
    for (const auto& text : texts) settings.push_back(*parse_control(text));
    const auto device = V4l2Device::open(kernel, "/dev/video0");
    return set_controls(*device, settings);
}

TEST(V4l2Controls, NamesControlsAsV4l2CtlDoes) {
    EXPECT_EQ(control_name("Exposure, Dynamic Framerate"), "exposure_dynamic_framerate");
    EXPECT_EQ(control_name("White Balance Temperature, Auto"), "white_balance_temperature_auto");
    EXPECT_EQ(control_name("  LED1 Mode (x) "), "led1_mode_x");
}

TEST(V4l2Controls, ParsesNameOrNumberAndDecimalOrHex) {
    auto setting = parse_control(" Brightness = -5 ");
    ASSERT_TRUE(setting);
    EXPECT_EQ(setting->name, "brightness");
    EXPECT_EQ(setting->id, 0U);
    EXPECT_EQ(setting->value, -5);
    setting = parse_control("0x009a0903=0x10");
    ASSERT_TRUE(setting);
    EXPECT_EQ(setting->id, 0x009a0903U);
    EXPECT_EQ(setting->value, 16);
    EXPECT_EQ(parse_control("10094851=1")->id, 10094851U);
}

TEST(V4l2Controls, RejectsInvalidSettingsAndQuotesThem) {
    for (const char* text :
         {"brightness", "=3", "", "brightness=", "brightness=high", "brightness=1.5", "b=0x", "b=-", "b=99999999999"}) {
        const auto setting = parse_control(text);
        ASSERT_FALSE(setting) << text;
        EXPECT_EQ(setting.error().code, ErrorCode::invalid_argument);
        EXPECT_THAT(setting.error().message, HasSubstr(text));
    }
}

TEST(V4l2Controls, SetsByNameAndByNumberAndReadsBack) {
    FakeV4l2 kernel(camera_with({{V4L2_CID_BRIGHTNESS, "Brightness", 0, 255, 10}, {V4L2_CID_GAIN, "Gain", 0, 9, 1}}));
    const auto report = set(kernel, {"brightness=100", "0x00980913=5"});
    EXPECT_THAT(report.values, ElementsAre(Pair("brightness", "100"), Pair("0x00980913", "5")));
    EXPECT_THAT(report.notes, IsEmpty());
    EXPECT_EQ(kernel.control_value(V4L2_CID_BRIGHTNESS), 100);
    EXPECT_EQ(kernel.control_value(V4L2_CID_GAIN), 5);
}

TEST(V4l2Controls, FindsAControlByItsNameInOlderDrivers) {
    FakeV4l2 kernel(camera_with({{V4L2_CID_EXPOSURE_AUTO_PRIORITY, "Exposure, Auto Priority", 0, 1, 1}}));
    const auto report = set(kernel, {"exposure_dynamic_framerate=0"});
    EXPECT_THAT(report.values, ElementsAre(Pair("exposure_dynamic_framerate", "0")));
    EXPECT_EQ(kernel.control_value(V4L2_CID_EXPOSURE_AUTO_PRIORITY), 0);
}

TEST(V4l2Controls, ReportsAMissingControlUnlessItIsADefault) {
    FakeV4l2 kernel{FakeCamera{}};
    const auto report = set(kernel, {"exposure_dynamic_framerate=0", "sharpness=3"});
    EXPECT_THAT(report.values, IsEmpty());
    EXPECT_THAT(report.notes, ElementsAre(HasSubstr("sharpness")));
}

TEST(V4l2Controls, ReportsTheAllowedRangeOfARefusedValue) {
    FakeV4l2 kernel(camera_with({{V4L2_CID_GAIN, "Gain", 2, 9, 4}}));
    const auto report = set(kernel, {"gain=300"});
    EXPECT_THAT(report.notes, ElementsAre(AllOf(HasSubstr("gain=300"), HasSubstr("2 to 9"))));
    EXPECT_THAT(report.values, IsEmpty());
}

TEST(V4l2Controls, ReportsWhyAControlCannotBeSet) {
    FakeV4l2 kernel(camera_with({{V4L2_CID_GAIN, "Gain", 0, 9, 4, false, EBUSY},
                                 {V4L2_CID_BRIGHTNESS, "Brightness", 0, 9, 4, false, EACCES},
                                 {V4L2_CID_HUE, "Hue", 0, 9, 4, false, EIO}}));
    EXPECT_THAT(set(kernel, {"gain=1", "brightness=1", "hue=1"}).notes,
                ElementsAre(HasSubstr("automatic mode"), HasSubstr("read-only"), HasSubstr("Input/output error")));
}

TEST(V4l2Controls, ReportsAValueThatTheCameraChanged) {
    FakeV4l2 kernel(camera_with({{V4L2_CID_GAIN, "Gain", 0, 9, 4, true}}));
    const auto report = set(kernel, {"gain=300"});
    EXPECT_THAT(report.values, ElementsAre(Pair("gain", "9")));
    EXPECT_THAT(report.notes, ElementsAre(HasSubstr("asked for 300, got 9")));
}

TEST(V4l2Controls, SetsControlsInOrder) {
    FakeV4l2 kernel(camera_with({{V4L2_CID_BRIGHTNESS, "Brightness", 0, 255, 10}, {V4L2_CID_GAIN, "Gain", 0, 9, 1}}));
    EXPECT_THAT(set(kernel, {"gain=1", "brightness=2", "gain=3"}).values,
                ElementsAre(Pair("gain", "1"), Pair("brightness", "2"), Pair("gain", "3")));
}

}  // namespace
}  // namespace onetake
