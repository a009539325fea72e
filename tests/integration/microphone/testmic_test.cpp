#include "base/clock.h"
#include "integration/microphone/audio_collector.h"
#include "portaudio/microphone.h"
#include "support/test_microphones.h"

#include <cmath>
#include <gmock/gmock.h>
#include <memory>
#include <optional>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = SourceEvent::Kind;

constexpr int kRate = 48'000;

class TestmicTest : public ::testing::Test {
 protected:
    // Opens and starts the only microphone there is.
    void listen_to(const std::string& fields, MicrophoneOptions options = {}) {
        microphones.emplace(std::vector<TestMicrophones::Microphone>{{"mic", fields}});
        auto opened = Microphone::open(options);
        ASSERT_TRUE(opened) << opened.error().message;
        microphone = std::move(*opened);
        const auto started = microphone->start(collector);
        ASSERT_TRUE(started) << started.error().message;
    }
    std::vector<AudioBlock> stop() {
        microphone->stop();
        return collector.blocks();
    }
    static MicrophoneOptions impatient() {
        MicrophoneOptions options;
        options.stall_after = 500ms;
        options.retry_every = 100ms;
        return options;
    }

    std::optional<TestMicrophones> microphones;
    AudioCollector collector;
    std::unique_ptr<Microphone> microphone;
};

TEST_F(TestmicTest, HearsTheToneWithStampsOnALine) {
    listen_to("freq 440");
    ASSERT_TRUE(collector.wait_for_audio(2s, kRate));
    const auto run = longest_run(stop(), kRate);
    ASSERT_GT(run.size(), 40u);
    EXPECT_NEAR(frequency(run, kRate), 440.0, 0.01);
    const auto line = stamp_line(run, kRate);
    EXPECT_LT(line.residual_rms, 0.5e-3);
    EXPECT_NEAR(line.ppm, 0, 20);
    for (const auto& block : run) EXPECT_EQ(block.source, StampSource::device);
    EXPECT_THAT(collector.events(), IsEmpty());
    RecordProperty("residual_us", std::to_string(line.residual_rms * 1e6));
}

TEST_F(TestmicTest, ShowsTheDriftOfTheDevicesClock) {
    listen_to("freq 440 ppm 200");
    ASSERT_TRUE(collector.wait_for_audio(3s, kRate));
    const auto run = longest_run(stop(), kRate);
    ASSERT_GT(run.size(), 60u);
    EXPECT_NEAR(stamp_line(run, kRate).ppm, 200, 10);
    EXPECT_NEAR(frequency(run, kRate), 440 / 1.0002, 0.005) << "the samples stay as they came";
}

TEST_F(TestmicTest, StampsABeepWithTheInstantItBegan) {
    listen_to("beep 1");
    ASSERT_TRUE(collector.wait_for_audio(2300ms, kRate));
    const auto beeps = onsets(stop(), kRate);
    ASSERT_GE(beeps.size(), 2u);
    Duration nearest = 1s;
    for (const auto beep : beeps) {
        const Duration into_second = (beep + 500ms).time_since_epoch() % 1s - 500ms;
        nearest = std::min(nearest, std::chrono::abs(into_second));
    }
    EXPECT_LT(nearest, 1ms);
}

TEST_F(TestmicTest, KeepsTheTimesOfBursts) {
    listen_to("freq 440 burst 3072");
    ASSERT_TRUE(collector.wait_for_audio(1s, kRate));
    const auto run = longest_run(stop(), kRate);
    ASSERT_GT(run.size(), 15u);
    EXPECT_NEAR(frequency(run, kRate), 440.0, 0.01);
    EXPECT_LT(stamp_line(run, kRate).residual_rms, 15e-3);
    for (const auto& block : run) EXPECT_EQ(block.source, StampSource::device);
}

TEST_F(TestmicTest, FlagsAnOverrunAndGoesOn) {
    listen_to("freq 440 xrun_at 0.4");
    ASSERT_TRUE(collector.wait_for_audio(1s, kRate));
    EXPECT_THAT(stop(), Contains(::testing::Field(&AudioBlock::xrun, true)));
    EXPECT_THAT(collector.events(), Not(Contains(Kind::stall)));
}

TEST_F(TestmicTest, ShowsASilentHoleInItsStamps) {
    listen_to("freq 440 stall_at 0.4 resume_after 0.3");
    ASSERT_TRUE(collector.wait_for_audio(1s, kRate));
    const auto blocks = stop();
    Duration longest{};
    for (std::size_t i = 1; i < blocks.size(); ++i)
        longest = std::max(longest, blocks[i].time - blocks[i - 1].time - from_ticks(blocks[i - 1].frames(), kRate));
    // The block with the hole in it has one stamp; its samples before the hole take up to a block off.
    EXPECT_GT(longest, 250ms);
}

TEST_F(TestmicTest, NoticesADeviceThatFallsSilentAndOpensItAnew) {
    listen_to("freq 440 stall_at 0.4", impatient());
    EXPECT_TRUE(collector.wait_for(Kind::stall));
    EXPECT_TRUE(collector.wait_for(Kind::resumed));
    EXPECT_THAT(stop(), Contains(::testing::Field(&AudioBlock::xrun, true)));
}

TEST_F(TestmicTest, StopsThoughTheDeviceIsSilent) {
    MicrophoneOptions patient;
    patient.stall_after = 1h;
    listen_to("freq 440 stall_at 0.2", patient);
    // The device itself runs on real time.
    SystemClock().wait_until(host_now() + 500ms);
    const auto before = host_now();
    EXPECT_FALSE(stop().empty());
    EXPECT_LT(host_now() - before, 5s) << "PortAudio's own stop takes 15 s";
    EXPECT_THAT(collector.events(), IsEmpty());
}

TEST_F(TestmicTest, FindsADeviceAgainThatWasUnplugged) {
    listen_to("freq 440", impatient());
    ASSERT_TRUE(collector.wait_for_audio(200ms, kRate));
    microphones->unplug();
    EXPECT_TRUE(collector.wait_for(Kind::device_lost));
    microphones->plug_in();
    EXPECT_TRUE(collector.wait_for(Kind::resumed));
    stop();
    EXPECT_THAT(collector.events(), ElementsAre(Kind::stall, Kind::device_lost, Kind::resumed));
}

TEST_F(TestmicTest, RecordsWhatTheDeviceCanDoAndSaysSo) {
    MicrophoneOptions stereo;
    stereo.channels = 2;
    listen_to("only_rate 32000 max_channels 1", stereo);
    EXPECT_EQ(microphone->description().sample_rate, 32000);
    EXPECT_EQ(microphone->description().channels, 1);
    EXPECT_THAT(microphone->description().notes, ElementsAre(HasSubstr("32000 Hz"), HasSubstr("2 channels")));
    ASSERT_TRUE(collector.wait_for_audio(300ms, 32000));
    const auto run = longest_run(stop(), 32000);
    EXPECT_NEAR(frequency(run, 32000), 440.0, 0.1);
}

TEST_F(TestmicTest, RecordsTwoMicrophonesAtOnce) {
    microphones.emplace(std::vector<TestMicrophones::Microphone>{{"left", "freq 440"}, {"right", "freq 880"}});
    AudioCollector left_audio, right_audio;
    MicrophoneOptions options;
    options.device = "left";
    auto left = Microphone::open(options);
    options.device = "right";
    auto right = Microphone::open(options);
    ASSERT_TRUE(left && right);
    ASSERT_TRUE((*left)->start(left_audio));
    ASSERT_TRUE((*right)->start(right_audio));
    EXPECT_TRUE(left_audio.wait_for_audio(600ms, kRate) && right_audio.wait_for_audio(600ms, kRate));
    EXPECT_EQ(list_audio_devices().value().size(), 2u) << "listing leaves the open ones alone";
    (*left)->stop();
    EXPECT_TRUE(right_audio.wait_for_audio(900ms, kRate)) << "stopping one leaves the other alone";
    (*right)->stop();
    EXPECT_NEAR(frequency(longest_run(left_audio.blocks(), kRate), kRate), 440.0, 0.02);
    EXPECT_NEAR(frequency(longest_run(right_audio.blocks(), kRate), kRate), 880.0, 0.02);
}

TEST_F(TestmicTest, ListsTheMicrophones) {
    microphones.emplace(std::vector<TestMicrophones::Microphone>{{"left", ""}, {"right", "max_channels 1"}});
    const auto devices = list_audio_devices();
    ASSERT_TRUE(devices) << devices.error().message;
    ASSERT_EQ(devices->size(), 2u);
    const auto& right = (*devices)[1];
    EXPECT_EQ((*devices)[0].name, "left");
    EXPECT_TRUE((*devices)[0].is_default);
    EXPECT_EQ(right.name, "right");
    EXPECT_EQ(right.host_api, "ALSA");
    EXPECT_EQ(right.channels, 1);
    EXPECT_FALSE(right.is_default);
}

TEST_F(TestmicTest, NamesWhatThereIsWhenTheMicrophoneIsNot) {
    microphones.emplace(std::vector<TestMicrophones::Microphone>{{"left", ""}, {"right", ""}});
    MicrophoneOptions options;
    options.device = "middle";
    const auto microphone_in_the_middle = Microphone::open(options);
    ASSERT_FALSE(microphone_in_the_middle);
    EXPECT_EQ(microphone_in_the_middle.error().code, ErrorCode::not_found);
    EXPECT_THAT(microphone_in_the_middle.error().message, HasSubstr("right"));
}

}  // namespace
}  // namespace onetake
