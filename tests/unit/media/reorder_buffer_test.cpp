#include "media/reorder_buffer.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

namespace onetake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReorderBufferTest : public ::testing::Test {
 protected:
    void add(std::uint64_t number) {
        buffer_.add(number, std::make_unique<std::uint64_t>(number), [&](auto item) { out_.push_back(*item); });
    }
    ReorderBuffer<std::unique_ptr<std::uint64_t>> buffer_;  // move-only, as frames are
    std::vector<std::uint64_t> out_;
};

TEST_F(ReorderBufferTest, PassesItemsInOrderStraightThrough) {
    for (std::uint64_t n = 0; n < 4; ++n) {
        add(n);
        EXPECT_EQ(buffer_.waiting(), 0u);
    }
    EXPECT_THAT(out_, ElementsAre(0, 1, 2, 3));
}

TEST_F(ReorderBufferTest, HoldsEarlyItemsUntilTheMissingOneArrives) {
    add(2);
    add(1);
    EXPECT_THAT(out_, IsEmpty());
    EXPECT_EQ(buffer_.waiting(), 2u);
    add(0);
    EXPECT_THAT(out_, ElementsAre(0, 1, 2));
    EXPECT_EQ(buffer_.waiting(), 0u);
}

TEST_F(ReorderBufferTest, StopsAtTheNextMissingItem) {
    add(1);
    add(3);
    add(0);
    EXPECT_THAT(out_, ElementsAre(0, 1));
    EXPECT_EQ(buffer_.waiting(), 1u);
    add(2);
    EXPECT_THAT(out_, ElementsAre(0, 1, 2, 3));
}

TEST_F(ReorderBufferTest, RestoresAnyOrder) {
    std::vector<std::uint64_t> order(200), sorted(200);
    std::ranges::generate(order, [n = std::uint64_t{0}]() mutable { return n++; });
    sorted = order;
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::ranges::shuffle(order, std::mt19937(seed));
        buffer_ = {};
        out_.clear();
        for (const auto number : order) add(number);
        EXPECT_EQ(out_, sorted) << "seed " << seed;
    }
}

}  // namespace
}  // namespace onetake
