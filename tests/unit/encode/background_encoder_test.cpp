#include "encode/background_encoder.h"

#include "encode/audio_stream_encoder.h"

#include <cstdint>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;

constexpr int kRate = 16000;

std::unique_ptr<StreamEncoder> background_audio() {
    AudioStreamSettings settings;
    settings.sample_rate = kRate;
    return AudioStreamEncoder::open(settings).value();
}

TimedAudio noise(int block) {
    TimedAudio run;
    run.after_gap = block == 0 || block == 500;
    run.begin = MediaTime(milliseconds(10 * block + (block < 500 ? 0 : 300)));
    run.end = run.begin + milliseconds(10);
    std::uint32_t state = static_cast<std::uint32_t>(block) + 1;
    for (int i = 0; i < kRate / 100; ++i) {
        state = state * 1664525 + 1013904223;
        run.samples.push_back(static_cast<std::int16_t>(state >> 18));
    }
    return run;
}

std::vector<Packet> packets_of(StreamEncoder& encoder) {
    std::vector<Packet> packets;
    for (int block = 0; block < 1000; ++block) {
        EXPECT_TRUE(encoder.encode(noise(block), packets));
        if (block == 499) {
            EXPECT_TRUE(encoder.pause(packets));
        }
    }
    EXPECT_TRUE(encoder.finish(packets));
    EXPECT_EQ(encoder.counters().samples, kRate * 103 / 10);
    return packets;
}

TEST(BackgroundEncoder, GivesThePacketsOfTheEncoder) {
    const auto direct = background_audio();
    BackgroundEncoder background(background_audio());
    EXPECT_EQ(background.params().sample_rate, kRate);
    EXPECT_EQ(background.codec(), direct->codec());
    const auto expected = packets_of(*direct), packets = packets_of(background);
    ASSERT_EQ(packets.size(), expected.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
        EXPECT_EQ(packets[i].pts, expected[i].pts);
        EXPECT_EQ(packets[i].bytes, expected[i].bytes);
    }
}

TEST(BackgroundEncoder, GivesPacketsWithoutFurtherInput) {
    BackgroundEncoder background(background_audio());
    std::vector<Packet> packets;
    for (int block = 0; block < 20; ++block) ASSERT_TRUE(background.encode(noise(block), packets));
    background.catch_up(packets);
    const auto direct = background_audio();
    std::vector<Packet> expected;
    for (int block = 0; block < 20; ++block) ASSERT_TRUE(direct->encode(noise(block), expected));
    EXPECT_GE(expected.size(), 2U);
    EXPECT_EQ(packets.size(), expected.size());
}

TEST(BackgroundEncoder, ReportsAnErrorByALaterCall) {
    BackgroundEncoder background(background_audio());
    std::vector<Packet> packets;
    ASSERT_TRUE(background.encode(noise(0), packets));
    ASSERT_TRUE(background.encode(CompressedFrame{{1}, {}}, packets));
    background.catch_up(packets);
    EXPECT_FALSE(background.encode(noise(1), packets));
    const auto ended = background.finish(packets);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, ErrorCode::invalid_argument);
}

TEST(BackgroundEncoder, EndsWhileInputsWait) {
    BackgroundEncoder background(background_audio());
    std::vector<Packet> packets;
    for (int block = 0; block < 200; ++block) ASSERT_TRUE(background.encode(noise(block), packets));
}

}  // namespace
}  // namespace onetake
