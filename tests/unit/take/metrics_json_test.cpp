#include "take/metrics_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace onetake {
namespace {

TEST(MetricsJson, ReadsWhatWasWritten) {
    Metrics m;
    m.frames = 18'000'000'000'000'000'000ULL;
    m.queue_max = 7;
    m.duration_s = 1.5;
    m.gap_s = 2;
    const auto again = metrics_from_json(metrics_json(m));
    EXPECT_EQ(again.frames, m.frames);
    EXPECT_EQ(again.queue_max, 7);
    EXPECT_EQ(again.duration_s, 1.5);
    EXPECT_EQ(again.gap_s, 2);
}

TEST(MetricsJson, TakesNoCountThatDoesNotFit) {
    const auto m = metrics_from_json(nlohmann::ordered_json::parse(
        R"({"frames": 2e123, "dropped": -1, "queue_max": 3000000000, "width": 1.5, "gaps": 4, "gap_s": 2e123})"));
    EXPECT_EQ(m.frames, 0u);
    EXPECT_EQ(m.dropped, 0u);
    EXPECT_EQ(m.queue_max, 0);
    EXPECT_EQ(m.width, 0);
    EXPECT_EQ(m.gaps, 4u);
    EXPECT_EQ(m.gap_s, 2e123);
}

}  // namespace
}  // namespace onetake
