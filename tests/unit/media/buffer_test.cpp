#include "media/buffer.h"

#include <gtest/gtest.h>
#include <vector>

namespace onetake {
namespace {

// As a capture loop does, with `held` buffers in use at once.
void take_and_return(BufferPool& pool, int times, std::size_t held) {
    for (int i = 0; i < times; ++i) {
        std::vector<Buffer> buffers;
        for (std::size_t n = 0; n < held; ++n) buffers.push_back(pool.take(1000));
    }
}

TEST(BufferPool, KeepsAsManyAsAreUsedAtOnce) {
    const auto pool = BufferPool::create(16);
    take_and_return(*pool, 3 * BufferPool::kReview, 3);
    EXPECT_EQ(pool->idle(), 3U);
}

TEST(BufferPool, FreesWhatABurstLeftBehind) {
    const auto pool = BufferPool::create(16);
    take_and_return(*pool, 1, 10);
    EXPECT_EQ(pool->idle(), 10U);
    take_and_return(*pool, 2 * BufferPool::kReview, 2);
    EXPECT_EQ(pool->idle(), 2U + BufferPool::kSpare);
}

TEST(BufferPool, IsTheSameSizeAfterEveryShortDelay) {
    const auto pool = BufferPool::create(16);
    for (int delays = 0; delays < 3; ++delays) {
        take_and_return(*pool, 1, 4);
        EXPECT_EQ(pool->idle(), 4U);
        take_and_return(*pool, 5 * BufferPool::kReview, 2);
        EXPECT_EQ(pool->idle(), 4U);
    }
}

TEST(BufferPool, KeepsNoMoreThanItIsTold) {
    const auto pool = BufferPool::create(4);
    take_and_return(*pool, 1, 10);
    EXPECT_EQ(pool->idle(), 4U);
}

TEST(BufferPool, ReusesTheBytesThatWereReturnedLast) {
    const auto pool = BufferPool::create(4);
    const std::uint8_t* first = nullptr;
    {
        const auto buffer = pool->take(1000);
        first = buffer.data();
    }
    const auto again = pool->take(500);
    EXPECT_EQ(again.data(), first);
    EXPECT_EQ(again.size(), 500U);
}

}  // namespace
}  // namespace onetake
