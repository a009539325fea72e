#include "portaudio/microphone.h"

#include "base/clock.h"
#include "unit/portaudio/fake_audio_system.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SourceEvent::Kind;

constexpr int kFrames = 480;
constexpr Duration kNever = 1h;

const std::vector<AudioDeviceInfo> kDevices{{.index = 3,
                                             .name = "Desk mic (hw:1,0)",
                                             .host_api = "ALSA",
                                             .channels = 2,
                                             .default_sample_rate = 44100,
                                             .is_default = true}};

MicrophoneOptions no_stall() {
    MicrophoneOptions options;
    options.blocksize = kFrames;
    options.stall_after = kNever;
    return options;
}

MicrophoneOptions short_stall() {
    auto options = no_stall();
    options.stall_after = 100ms;
    options.retry_every = 5ms;
    return options;
}

// Adds a block like the callback: starting `age` before now, on the host's clock.
void put_block(SampleFeed& feed, Duration age = 20ms, bool xrun = false) {
    RingBlock block;
    const auto clocks = read_clocks();
    block.times = {to_seconds(clocks.host.time_since_epoch() - age), to_seconds(clocks.host.time_since_epoch()),
                   clocks.host, clocks.wall, kFrames};
    block.xrun = xrun;
    feed.put(block, std::vector<std::int16_t>(static_cast<std::size_t>(kFrames * feed.channels()), 7));
}

class MicrophoneTest : public ::testing::Test {
 protected:
    std::unique_ptr<Microphone> opened(const MicrophoneOptions& options) {
        auto microphone = Microphone::open(options, system);
        EXPECT_TRUE(microphone) << microphone.error().message;
        return microphone ? std::move(*microphone) : nullptr;
    }
    ~MicrophoneTest() override {
        system->hang(false);
        while (BoundedCall::abandoned() > 0) std::this_thread::yield();
    }

    // Feeds each reopened stream.
    void feed_until_resumed() {
        auto last_feed = system->feed();
        while (!receiver.has(Kind::resumed)) {
            if (auto feed = system->feed(); feed != last_feed) {
                for (int i = 0; i < 5; ++i) put_block(*feed);
                last_feed = std::move(feed);
            }
            std::this_thread::yield();
        }
    }

    std::shared_ptr<FakeAudioSystem> system = std::make_shared<FakeAudioSystem>(kDevices);
    RecordingReceiver receiver;
};

TEST_F(MicrophoneTest, ReportsWhatWasGranted) {
    const auto microphone = opened(no_stall());
    const auto& description = microphone->description();
    EXPECT_EQ(description.device, "3 (ALSA)");
    EXPECT_EQ(description.name, "Desk mic (hw:1,0)");
    EXPECT_EQ(description.host_api, "ALSA");
    EXPECT_EQ(description.sample_rate, 48000);
    EXPECT_EQ(description.channels, 1);
    EXPECT_EQ(description.blocksize, kFrames);
    EXPECT_EQ(description.latency_s, 0.1);
    EXPECT_THAT(description.notes, IsEmpty());
}

TEST_F(MicrophoneTest, FallsBackToTheDevicesOwnRateAndReportsIt) {
    system->refuse(48000, 1);
    const auto microphone = opened(no_stall());
    EXPECT_EQ(microphone->description().sample_rate, 44100);
    EXPECT_THAT(microphone->description().notes,
                ElementsAre(HasSubstr("doesn't support 48000 Hz: recording at 44100 Hz")));
}

TEST_F(MicrophoneTest, FallsBackToFewerChannelsAndReportsIt) {
    system->refuse(48000, 2);
    system->refuse(44100, 2);
    auto options = no_stall();
    options.channels = 6;
    const auto microphone = opened(options);
    EXPECT_EQ(microphone->description().channels, 1);
    EXPECT_EQ(microphone->description().sample_rate, 48000);
    EXPECT_THAT(microphone->description().notes, ElementsAre(HasSubstr("doesn't support 6 channels: recording 1")));
    EXPECT_EQ(system->requested().front().channels, 2) << "never more than the device has";
}

TEST_F(MicrophoneTest, RejectsInvalidOptions) {
    for (auto change : {+[](MicrophoneOptions& o) { o.sample_rate = 0; }, +[](MicrophoneOptions& o) { o.channels = 0; },
                        +[](MicrophoneOptions& o) { o.blocksize = 0; }}) {
        auto options = no_stall();
        change(options);
        EXPECT_EQ(Microphone::open(options, system).error().code, ErrorCode::invalid_argument);
    }
}

TEST_F(MicrophoneTest, NamesAMissingMicrophone) {
    auto options = no_stall();
    options.device = "Blue";
    const auto microphone = Microphone::open(options, system);
    ASSERT_FALSE(microphone);
    EXPECT_EQ(microphone.error().code, ErrorCode::not_found);
    EXPECT_THAT(microphone.error().message, HasSubstr("Desk mic"));
}

TEST_F(MicrophoneTest, DeliversEveryBlockInOrderWithTheDevicesTime) {
    const auto microphone = opened(no_stall());
    ASSERT_TRUE(microphone->start(receiver));
    for (int i = 0; i < 12; ++i) put_block(*system->feed(), 20ms, i == 8);
    receiver.wait_for_blocks(12);
    microphone->stop();

    const auto blocks = receiver.blocks();
    ASSERT_EQ(blocks.size(), 12u);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        EXPECT_EQ(blocks[i].frames(), kFrames);
        EXPECT_EQ(blocks[i].samples.front(), 7);
        EXPECT_EQ(blocks[i].source, StampSource::device);
        EXPECT_NEAR(to_seconds(blocks[i].arrival - blocks[i].time), 0.02, 1e-6);
        EXPECT_EQ(blocks[i].xrun, i == 8);
    }
    EXPECT_THAT(receiver.events(), IsEmpty());
}

TEST_F(MicrophoneTest, DeliversBlocksOfATakeTooShortToDetermineTheClock) {
    const auto microphone = opened(no_stall());
    ASSERT_TRUE(microphone->start(receiver));
    put_block(*system->feed());
    microphone->stop();
    ASSERT_EQ(receiver.blocks().size(), 1u);
    EXPECT_EQ(receiver.blocks()[0].source, StampSource::device);
}

TEST_F(MicrophoneTest, StampsOnArrivalAndReportsItOnceIfTheDeviceHasNoClock) {
    const auto microphone = opened(no_stall());
    ASSERT_TRUE(microphone->start(receiver));
    for (int i = 0; i < 12; ++i) {
        RingBlock block;
        const auto clocks = read_clocks();
        block.times = {0, 0, clocks.host, clocks.wall, kFrames};
        system->feed()->put(block, std::vector<std::int16_t>(kFrames));
    }
    receiver.wait_for_blocks(12);
    microphone->stop();
    for (const auto& block : receiver.blocks()) {
        EXPECT_EQ(block.source, StampSource::arrival);
        EXPECT_EQ(block.time, block.arrival - 10ms);
    }
    EXPECT_THAT(receiver.kinds(), ElementsAre(Kind::note));
}

TEST_F(MicrophoneTest, CountsSamplesDroppedByAFullRing) {
    const auto microphone = opened(no_stall());
    const auto feed = system->feed();
    // Blocks are not read before start().
    std::uint64_t put = 0;
    while (feed->ring().lost() == 0) {
        put_block(*feed);
        ++put;
    }
    put_block(*feed);
    ASSERT_TRUE(microphone->start(receiver));
    receiver.wait_for_blocks(put - 1);
    put_block(*feed);
    receiver.wait_for_blocks(put);
    put_block(*feed);
    feed->lose(5);
    microphone->stop();

    const auto events = receiver.events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].kind, Kind::driver_drop);
    EXPECT_EQ(events[0].count, 2u * kFrames);
    EXPECT_EQ(events[1].count, 5u) << "no block came after these";
    const auto blocks = receiver.blocks();
    EXPECT_FALSE(blocks[put - 2].xrun);
    EXPECT_TRUE(blocks[put - 1].xrun);
    EXPECT_FALSE(blocks[put].xrun);
}

TEST_F(MicrophoneTest, ReportsAStallReopensAndReportsTheRecovery) {
    const auto microphone = opened(short_stall());
    for (int i = 0; i < 5; ++i) put_block(*system->feed());
    ASSERT_TRUE(microphone->start(receiver));
    EXPECT_THAT(receiver.wait_for(Kind::stall).text, HasSubstr("no audio from microphone 'Desk mic (hw:1,0)'"));
    feed_until_resumed();
    microphone->stop();

    const auto resumed = receiver.wait_for(Kind::resumed);
    const auto blocks = receiver.blocks();
    ASSERT_GE(blocks.size(), 10u);
    EXPECT_TRUE(blocks[5].xrun) << "the gap is marked";
    EXPECT_FALSE(blocks[6].xrun);
    const auto back = std::find_if(blocks.rbegin(), blocks.rend(), [](const auto& b) { return b.xrun; });
    EXPECT_EQ(resumed.count, static_cast<std::uint64_t>(to_ticks(back->time - blocks[4].time - 10ms, 48000)));
    EXPECT_EQ(receiver.kinds()[0], Kind::stall);
}

TEST_F(MicrophoneTest, ReportsALostDeviceOnceAndFindsItUnderAnotherNumber) {
    const auto microphone = opened(short_stall());
    ASSERT_TRUE(microphone->start(receiver));
    system->set_devices({});
    EXPECT_THAT(receiver.wait_for(Kind::device_lost).text, HasSubstr("microphone 'Desk mic (hw:1,0)' is lost"));

    auto devices = kDevices;
    devices[0].index = 9;
    devices[0].name = "Desk mic (hw:4,0)";
    system->set_devices(devices);
    feed_until_resumed();
    microphone->stop();
    const auto kinds = receiver.kinds();
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), Kind::device_lost), 1);
}

TEST_F(MicrophoneTest, DetectsAtOnceThatAStreamEndedByItself) {
    auto options = no_stall();
    options.retry_every = 5ms;
    const auto microphone = opened(options);
    ASSERT_TRUE(microphone->start(receiver));
    system->end_stream();
    receiver.wait_for(Kind::device_lost);
    system->wait_for_open(2);
    microphone->stop();
    EXPECT_THAT(receiver.kinds(), ElementsAre(Kind::device_lost, Kind::driver_drop));
}

TEST_F(MicrophoneTest, StopsAndReportsWhenClosingHangs) {
    auto options = no_stall();
    options.release_within = 20ms;
    const auto microphone = opened(options);
    ASSERT_TRUE(microphone->start(receiver));
    put_block(*system->feed());
    system->hang(true);
    microphone->stop();
    EXPECT_EQ(receiver.blocks().size(), 1u);
    const auto events = receiver.events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].kind, Kind::note);
    EXPECT_THAT(events[0].text, HasSubstr("did not close microphone 'Desk mic (hw:1,0)'"));
}

TEST_F(MicrophoneTest, StopsWhenReopeningHangs) {
    auto options = short_stall();
    options.release_within = 20ms;
    const auto microphone = opened(options);
    ASSERT_TRUE(microphone->start(receiver));
    system->hang(true);
    receiver.wait_for(Kind::device_lost);
    microphone->stop();
    EXPECT_THAT(receiver.kinds(), ElementsAre(Kind::stall, Kind::device_lost, Kind::note, Kind::driver_drop));
    EXPECT_GE(receiver.events().back().count, static_cast<std::uint64_t>(to_ticks(100ms, 48000)))
        << "the outage until the end is counted, too";
}

TEST_F(MicrophoneTest, StopsTwiceAndUnstarted) {
    const auto unstarted = opened(no_stall());
    unstarted->stop();
    unstarted->stop();
    const auto microphone = opened(no_stall());
    ASSERT_TRUE(microphone->start(receiver));
    microphone->stop();
    microphone->stop();
    EXPECT_EQ(microphone->start(receiver).error().code, ErrorCode::wrong_state);
}

}  // namespace
}  // namespace onetake
