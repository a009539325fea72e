#include "base/background_job.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;

TEST(BackgroundJob, FollowsUntilItIsCompleteAndGivesItsResult) {
    int looks = 0;
    BackgroundJob<int> job;
    job.start([&]() -> Result<int> {
        while (job.wait_for_more(1ms)) ++looks;
        return job.is_abandoned() ? -1 : 7;
    });
    job.complete();
    EXPECT_EQ(job.wait().value(), 7);
    EXPECT_EQ(job.wait().value(), 7) << "asked again";
}

TEST(BackgroundJob, IsAbandonedByItsDestructor) {
    bool abandoned = false;
    {
        BackgroundJob<void> job;
        job.start([&]() -> Status {
            while (job.wait_for_more(1h)) {
            }
            abandoned = job.is_abandoned();
            return {};
        });
    }
    EXPECT_TRUE(abandoned);
}

TEST(BackgroundJob, WakesWhoeverWaitsForAChangeOrTheEnd) {
    int value = 0;
    BackgroundJob<int> job(BackgroundJob<int>::Priority::normal);
    job.start([&]() -> Result<int> {
        job.update([&] { value = 1; });
        while (job.wait_for_more(1h)) {
        }
        return fail(ErrorCode::io, "It went wrong.");
    });
    const auto ended = [](const Result<int>* result) { return result ? result->error().message : std::string(); };
    EXPECT_EQ(job.wait_until([&] { return value == 1; }, ended), "");
    job.complete();
    EXPECT_EQ(job.wait_until([&] { return value == 2; }, ended), "It went wrong.");
}

TEST(BackgroundJob, HasAnErrorForAResultIfItWasNeverStarted) {
    BackgroundJob<int> job;
    EXPECT_EQ(job.wait().error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace onetake
