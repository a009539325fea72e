#include "portaudio/sample_ring.h"

#include <gtest/gtest.h>
#include <numeric>
#include <thread>
#include <vector>

namespace onetake {
namespace {

std::vector<std::int16_t> counting(std::size_t n, int from) {
    std::vector<std::int16_t> samples(n);
    std::iota(samples.begin(), samples.end(), static_cast<std::int16_t>(from));
    return samples;
}

RingBlock block_of(std::int64_t frames, bool xrun = false) {
    RingBlock block;
    block.times.frames = frames;
    block.xrun = xrun;
    return block;
}

TEST(SampleRing, ReturnsCompleteBlocksInOrder) {
    SampleRing ring(100, 10, 1);
    EXPECT_TRUE(ring.write(block_of(3), counting(3, 1)));
    EXPECT_TRUE(ring.write(block_of(2, true), counting(2, 50)));

    RingBlock block;
    std::vector<std::int16_t> samples;
    ASSERT_TRUE(ring.read(block, samples));
    EXPECT_EQ(samples, counting(3, 1));
    EXPECT_FALSE(block.xrun);
    ASSERT_TRUE(ring.read(block, samples));
    EXPECT_EQ(samples, counting(2, 50));
    EXPECT_TRUE(block.xrun);
    EXPECT_FALSE(ring.read(block, samples));
    EXPECT_EQ(ring.lost(), 0u);
}

TEST(SampleRing, KeepsBlocksThatWrapAround) {
    SampleRing ring(10, 4, 1);
    RingBlock block;
    std::vector<std::int16_t> samples;
    for (int round = 0; round < 20; ++round) {
        ASSERT_TRUE(ring.write(block_of(7), counting(7, round * 7)));
        ASSERT_TRUE(ring.read(block, samples));
        EXPECT_EQ(samples, counting(7, round * 7));
    }
}

TEST(SampleRing, RecordsLossesInTheNextBlock) {
    SampleRing ring(8, 4, 2);
    EXPECT_TRUE(ring.write(block_of(4), counting(8, 0)));
    EXPECT_FALSE(ring.write(block_of(1), counting(2, 0)));
    EXPECT_FALSE(ring.write(block_of(3), counting(6, 0)));
    EXPECT_EQ(ring.lost(), 4u) << "counted per channel";

    RingBlock block;
    std::vector<std::int16_t> samples;
    ASSERT_TRUE(ring.read(block, samples));
    EXPECT_EQ(block.lost_before, 0u);
    EXPECT_TRUE(ring.write(block_of(1), counting(2, 9)));
    ASSERT_TRUE(ring.read(block, samples));
    EXPECT_EQ(block.lost_before, 4u);
    EXPECT_TRUE(ring.write(block_of(1), counting(2, 9)));
    ASSERT_TRUE(ring.read(block, samples));
    EXPECT_EQ(block.lost_before, 0u) << "reported once";
}

TEST(SampleRing, DropsABlockIfAllBlockSlotsAreUsed) {
    SampleRing ring(100, 2, 1);
    EXPECT_TRUE(ring.write(block_of(1), counting(1, 0)));
    EXPECT_TRUE(ring.write(block_of(1), counting(1, 0)));
    EXPECT_FALSE(ring.write(block_of(1), counting(1, 0)));
    EXPECT_EQ(ring.lost(), 1u);
}

TEST(SampleRing, RejectsABlockLargerThanItself) {
    SampleRing ring(4, 2, 1);
    EXPECT_FALSE(ring.write(block_of(5), counting(5, 0)));
    EXPECT_TRUE(ring.write(block_of(4), counting(4, 0)));
}

TEST(SampleRing, TransfersOrCountsEverySampleBetweenTwoThreads) {
    constexpr int kBlocks = 50'000;
    SampleRing ring(512, 16, 1);
    std::uint64_t offered = 0;
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (int i = 0; i < kBlocks; ++i) {
            const auto n = static_cast<std::size_t>(1 + i % 97);
            auto block = block_of(static_cast<std::int64_t>(n));
            block.times.adc = i;
            ring.write(block, std::vector<std::int16_t>(n, static_cast<std::int16_t>(i % 30'000)));
            offered += n;
        }
        done = true;
    });

    std::uint64_t received = 0, reported_lost = 0, wrong = 0;
    double last = -1;
    RingBlock block;
    std::vector<std::int16_t> samples;
    for (;;) {
        const bool finished = done;
        while (ring.read(block, samples)) {
            const int i = static_cast<int>(block.times.adc);
            wrong += block.times.adc <= last || samples.size() != static_cast<std::size_t>(1 + i % 97);
            for (const auto sample : samples) wrong += sample != i % 30'000;
            last = block.times.adc;
            received += samples.size();
            reported_lost += block.lost_before;
        }
        if (finished) break;
    }
    writer.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(received + ring.lost(), offered);
    EXPECT_LE(reported_lost, ring.lost());
    EXPECT_GT(received, 0u);
}

}  // namespace
}  // namespace onetake
