#include "codec/encoder_threads.h"

#include <gtest/gtest.h>
#include <optional>
#include <thread>
#include <vector>

namespace onetake {
namespace {

TEST(EncoderThreads, RenderWithOneAndAHalfThreadsACore) {
    EXPECT_EQ(rendering_threads(1), 1);
    EXPECT_EQ(rendering_threads(2), 3);
    EXPECT_EQ(rendering_threads(3), 4);
    EXPECT_EQ(rendering_threads(8), 12);
    EXPECT_EQ(rendering_threads(64), 16);
}

TEST(EncoderThreadBudget, GivesEachEncoderHalfOfTheFreeThreads) {
    EncoderThreadBudget budget(12);
    std::vector<EncoderThreadBudget::Share> shares;
    for (const int expected : {6, 3, 2, 1}) {
        shares.push_back(budget.allocate(16));
        EXPECT_EQ(shares.back().threads(), expected);
    }
    EXPECT_EQ(budget.in_use(), budget.total());
}

TEST(EncoderThreadBudget, GivesNoMoreThanRequestedAndNeverLessThanOne) {
    EncoderThreadBudget budget(3);
    const auto first = budget.allocate(1), second = budget.allocate(8), third = budget.allocate(8);
    EXPECT_EQ(first.threads(), 1);
    EXPECT_EQ(second.threads(), 1);
    EXPECT_EQ(third.threads(), 1);
    const auto beyond = budget.allocate(8), none_asked = budget.allocate(0);
    EXPECT_EQ(beyond.threads(), 1);
    EXPECT_EQ(none_asked.threads(), 1);
    EXPECT_EQ(budget.in_use(), 5);
}

TEST(EncoderThreadBudget, GetsBackTheThreadsOfAClosedEncoder) {
    EncoderThreadBudget budget(8);
    auto kept = budget.allocate(16);
    {
        auto moved = std::move(kept);
        EXPECT_EQ(kept.threads(), 0);
        EXPECT_EQ(moved.threads(), 4);
        EXPECT_EQ(budget.in_use(), 4);
    }
    EXPECT_EQ(budget.in_use(), 0);
    kept = budget.allocate(2);
    kept = budget.allocate(16);
    EXPECT_EQ(kept.threads(), 3);
    EXPECT_EQ(budget.in_use(), 3);
}

TEST(EncoderThreadBudget, CountsRightWhenManyThreadsAllocate) {
    EncoderThreadBudget budget(16);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; ++n) EXPECT_GE(budget.allocate(4).threads(), 1);
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(budget.in_use(), 0);
}

TEST(EncoderThreadBudget, HasOneInstancePerProcess) {
    EXPECT_EQ(&EncoderThreadBudget::of_process(), &EncoderThreadBudget::of_process());
    EXPECT_EQ(EncoderThreadBudget::of_process().total(), machine_cores() + machine_cores() / 2);
}

}  // namespace
}  // namespace onetake
