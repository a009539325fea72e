#include "capture/bounded_call.h"

#include "base/clock.h"

#include <future>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using namespace std::chrono_literals;

TEST(BoundedCall, ReturnsWhenItsWorkIsDone) {
    auto value = std::make_shared<int>(0);
    auto call = BoundedCall::begin([value] { *value = 42; });
    ASSERT_TRUE(call.wait_until(host_now() + 1h));
    EXPECT_EQ(*value, 42);
    EXPECT_EQ(value.use_count(), 1) << "what the work owned is destroyed before it counts as returned";
}

TEST(BoundedCall, AbandonsACallThatHangsUntilItReturns) {
    std::promise<void> release;
    auto owned = std::make_shared<int>(0);
    std::weak_ptr<int> watched = owned;
    {
        auto call = BoundedCall::begin(
            [released = release.get_future().share(), owned = std::move(owned)] { released.wait(); });
        EXPECT_FALSE(call.returned());
        EXPECT_FALSE(call.wait_until(host_now() + 1ms));
    }
    EXPECT_EQ(BoundedCall::abandoned(), 1u);
    EXPECT_FALSE(watched.expired()) << "it may still be in use";
    release.set_value();
    while (BoundedCall::abandoned() > 0) std::this_thread::yield();
    EXPECT_TRUE(watched.expired());
}

TEST(BoundedCall, ThatWasNeverStartedHasReturned) {
    BoundedCall call;
    EXPECT_TRUE(call.returned());
}

}  // namespace
}  // namespace onetake
