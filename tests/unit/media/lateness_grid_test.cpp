#include "media/lateness_grid.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace onetake {
namespace {

constexpr double kSpacing = 3e6;
constexpr double ppm = 1e3;  // as ns per s

// The cells of a clock y(x) whose blocks are delivered at multiples of kSpacing: the least late stamp of each half
// second.
void fill(LatenessGrid& grid, double seconds, const std::function<double(double)>& clock) {
    for (double x = 0; x < seconds; x += 0.5) {
        StampCell cell;
        cell.first_x = x;
        cell.end_x = x + 0.5;
        cell.late = true;
        cell.spacing = kSpacing;
        cell.edge = {x + 0.5, std::ceil(clock(x + 0.5) / kSpacing) * kSpacing, 0, true};
        // The block on the lower tread may be any of the cell's.
        if (const double before = std::ceil(clock(x) / kSpacing) * kSpacing; before < cell.edge.y)
            cell.edge = {x, before, 0, true};
        grid.add(cell);
    }
}

TEST(LatenessGrid, FollowsAClockBetweenTheSteps) {
    LatenessGrid grid;
    const auto clock = [](double x) { return 1e6 + 60 * ppm * x; };
    fill(grid, 400, clock);
    for (double x = 20; x < 380; x += 7) {
        const auto line = grid.through(x, 0, kSpacing);
        ASSERT_TRUE(line);
        EXPECT_NEAR(line->y, clock(x), 40e3) << x;
        EXPECT_NEAR(line->slope, 60 * ppm, 1 * ppm) << x;
    }
}

TEST(LatenessGrid, TurnsWhereTheLinesMeet) {
    LatenessGrid grid;
    const auto clock = [](double x) { return 1e6 + 60 * ppm * (x < 200 ? x : 400 - x); };
    fill(grid, 400, clock);
    for (double x = 20; x < 380; x += 3) {
        const auto line = grid.through(x, 0, kSpacing);
        ASSERT_TRUE(line);
        EXPECT_NEAR(line->y, clock(x), 150e3) << x;
    }
}

TEST(LatenessGrid, GoesHalfwayWhereSamplesWereLostAtAnUnknownInstant) {
    LatenessGrid grid;
    const auto clock = [](double x) { return 1e6 + 60 * ppm * x + (x < 205 ? 0 : 1e6); };
    fill(grid, 400, clock);
    for (double x = 20; x < 380; x += 3) {
        const auto line = grid.through(x, 0, kSpacing);
        ASSERT_TRUE(line);
        EXPECT_LT(std::abs(line->y - clock(x)), 600e3) << x;
    }
}

TEST(LatenessGrid, KnowsNothingWithoutTwoSteps) {
    LatenessGrid grid;
    fill(grid, 60, [](double x) { return 1e6 + 50 * ppm * x; });  // one step, at 40 s
    EXPECT_FALSE(grid.through(30, 0, kSpacing));
    fill(grid, 60, [](double) { return 1e6; });
    EXPECT_FALSE(grid.through(30, 1, kSpacing)) << "of another segment";
}

}  // namespace
}  // namespace onetake
