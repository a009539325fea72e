#include "render/kept_audio.h"

#include "support/temp_dir.h"

#include <cstdint>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::milliseconds;

constexpr HostTime kOrigin{std::chrono::seconds(100)};

AudioStreamSettings kept_settings() {
    AudioStreamSettings settings;
    settings.sample_rate = 16000;
    return settings;
}

TimedAudio noise_at(int block, std::uint32_t seed = 0) {
    TimedAudio run;
    run.after_gap = block == 0;
    run.begin = MediaTime(milliseconds(10 * block));
    run.end = run.begin + milliseconds(10);
    std::uint32_t state = static_cast<std::uint32_t>(block) + seed;
    for (int i = 0; i < 160; ++i) {
        state = state * 1664525 + 1013904223;
        run.samples.push_back(static_cast<std::int16_t>(state >> 18));
    }
    return run;
}

class KeptAudioTest : public ::testing::Test {
 protected:
    /// Of blocks 0 to `blocks`, with a pause in the 50th.
    std::vector<Packet> encode(int blocks, bool finish, std::uint32_t seed = 0) {
        kept_.begin(kOrigin);
        const auto encoder = kept_.encoder(1, kept_settings()).value();
        std::vector<Packet> packets;
        for (int block = 0; block < blocks; ++block) {
            EXPECT_TRUE(encoder->encode(noise_at(block, seed), packets));
            if (block == 50) {
                EXPECT_TRUE(encoder->pause(packets));
            }
        }
        if (finish) {
            EXPECT_TRUE(encoder->finish(packets));
        }
        return packets;
    }
    static void expect_same(const std::vector<Packet>& got, const std::vector<Packet>& expected) {
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].pts, expected[i].pts);
            EXPECT_EQ(got[i].dts, expected[i].dts);
            EXPECT_EQ(got[i].duration, expected[i].duration);
            EXPECT_EQ(got[i].key, expected[i].key);
            EXPECT_EQ(got[i].bytes, expected[i].bytes);
        }
    }

    const TempDir dir_;
    KeptAudio kept_{dir_.path()};
};

TEST_F(KeptAudioTest, AFileThatBeginsAgainHasThePacketsOfOneThatDoesNot) {
    std::vector<Packet> expected;
    const auto direct = AudioStreamEncoder::open(kept_settings()).value();
    for (int block = 0; block < 400; ++block) {
        ASSERT_TRUE(direct->encode(noise_at(block), expected));
        if (block == 50) {
            ASSERT_TRUE(direct->pause(expected));
        }
    }
    ASSERT_TRUE(direct->finish(expected));
    encode(0, false);
    encode(200, false);
    encode(120, false);  // ends within what is kept
    encode(300, false);
    // Of other samples: what was kept is not encoded again.
    expect_same(encode(300, false, 7), encode(300, false));
    expect_same(encode(400, true), expected);
    EXPECT_FALSE(kept_.has_failed());
}

TEST_F(KeptAudioTest, OtherInputsAreAnErrorAndTheNextFileIsRight) {
    const auto expected = encode(100, false);
    kept_.begin(kOrigin);
    {
        const auto encoder = kept_.encoder(1, kept_settings()).value();
        std::vector<Packet> packets;
        auto other = noise_at(0);
        other.end += milliseconds(1);
        EXPECT_FALSE(encoder->encode(other, packets));
    }
    EXPECT_TRUE(kept_.has_failed());
    expect_same(encode(100, false), expected);
    EXPECT_FALSE(kept_.has_failed());
}

TEST_F(KeptAudioTest, FewerInputsAreAnError) {
    encode(100, false);
    kept_.begin(kOrigin);
    const auto encoder = kept_.encoder(1, kept_settings()).value();
    std::vector<Packet> packets;
    ASSERT_TRUE(encoder->encode(noise_at(0), packets));
    EXPECT_FALSE(encoder->finish(packets));
    EXPECT_TRUE(kept_.has_failed());
}

TEST_F(KeptAudioTest, AnotherOriginForgetsEverything) {
    const auto expected = encode(100, false);
    kept_.begin(kOrigin + std::chrono::seconds(1));
    const auto encoder = kept_.encoder(1, kept_settings()).value();
    std::vector<Packet> packets;
    for (int block = 200; block < 300; ++block) ASSERT_TRUE(encoder->encode(noise_at(block), packets));
    EXPECT_NE(packets.front().bytes, expected.front().bytes);
}

TEST(KeptAudio, AFolderWithoutUnnamedFilesKeepsNothing) {
    KeptAudio kept("/proc");
    for (int file = 0; file < 2; ++file) {
        kept.begin(kOrigin);
        const auto encoder = kept.encoder(1, kept_settings()).value();
        std::vector<Packet> packets;
        for (int block = 0; block < 100; ++block) ASSERT_TRUE(encoder->encode(noise_at(block), packets));
        EXPECT_GT(packets.size(), 10U);
    }
    EXPECT_FALSE(kept.has_failed());
}

}  // namespace
}  // namespace onetake
