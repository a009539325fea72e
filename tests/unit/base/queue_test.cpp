#include "base/bounded_queue.h"
#include "base/in_flight_limit.h"

#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

namespace onetake {
namespace {

TEST(BoundedQueue, RejectsAnItemWhenFullAndLeavesItWithTheCaller) {
    BoundedQueue<std::unique_ptr<int>> queue(1);
    EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(queue.try_push(std::move(second)));
    ASSERT_TRUE(second);
    EXPECT_EQ(**queue.pop(), 1);
}

TEST(BoundedQueue, PopsQueuedItemsAfterItIsClosed) {
    BoundedQueue<int> queue(4);
    queue.push(1);
    queue.close();
    EXPECT_FALSE(queue.push(2));
    EXPECT_FALSE(queue.drained());
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_EQ(queue.pop(), std::nullopt);
    EXPECT_TRUE(queue.drained());
}

TEST(BoundedQueue, WakesWaitingThreadsWhenItIsClosed) {
    BoundedQueue<int> full(1), empty(1);
    full.push(1);
    std::thread pusher([&] { EXPECT_FALSE(full.push(2)); });
    std::thread popper([&] { EXPECT_EQ(empty.pop(), std::nullopt); });
    full.close();
    empty.close();
    pusher.join();
    popper.join();
}

TEST(BoundedQueue, LosesNothingWithManyThreads) {
    BoundedQueue<int> queue(3);
    constexpr int kEach = 2000;
    std::vector<std::thread> pushers;
    for (int t = 0; t < 3; ++t)
        pushers.emplace_back([&] {
            for (int i = 1; i <= kEach; ++i) EXPECT_TRUE(queue.push(int{i}));
        });
    long sum = 0;
    for (int i = 0; i < 3 * kEach; ++i) sum += *queue.pop();
    for (auto& t : pushers) t.join();
    EXPECT_EQ(sum, 3L * kEach * (kEach + 1) / 2);
}

TEST(InFlightLimit, GrantsNoMoreSlotsThanItsCapacity) {
    InFlightLimit slots(2);
    EXPECT_TRUE(slots.try_take());
    EXPECT_TRUE(slots.take());
    EXPECT_FALSE(slots.try_take());
    slots.give_back();
    EXPECT_TRUE(slots.try_take());
    EXPECT_EQ(slots.deepest(), 2);
}

TEST(InFlightLimit, WakesWaitingThreadsWhenClosed) {
    InFlightLimit slots(1);
    ASSERT_TRUE(slots.take());
    std::thread waiter([&] { EXPECT_FALSE(slots.take()); });
    slots.close();
    waiter.join();
    slots.give_back();
    EXPECT_FALSE(slots.try_take());
}

}  // namespace
}  // namespace onetake
