#include "media/linear_regression.h"

#include <cmath>
#include <gtest/gtest.h>

namespace onetake {
namespace {

TEST(LinearRegression, FindsTheLineThroughPointsThatLieOnIt) {
    LinearRegression fit;
    for (int i = 0; i < 10; ++i) fit.add(i, 3 - 0.5 * i);
    EXPECT_DOUBLE_EQ(fit.slope(), -0.5);
    EXPECT_DOUBLE_EQ(fit.at(20), -7);
    EXPECT_NEAR(fit.residual_rms(), 0, 1e-12);
}

TEST(LinearRegression, KeepsNanosecondsAcrossADay) {
    LinearRegression fit;
    for (int i = 0; i <= 86'400; ++i) fit.add(i, 1e15 + 1e5 * i + (i % 2 == 0 ? 256 : -256));
    EXPECT_NEAR(fit.slope(), 1e5, 1e-3);
    EXPECT_NEAR(fit.residual_rms(), 256, 1);
}

TEST(LinearRegression, MergesAsIfAllPointsHadComeToOne) {
    LinearRegression all, first, second;
    for (int i = 0; i < 100; ++i) {
        const double y = std::sin(i) * 5 + 0.1 * i;
        all.add(i, y);
        (i < 37 ? first : second).add(i, y);
    }
    first.merge(second);
    first.merge(LinearRegression{});
    EXPECT_EQ(first.count(), 100);
    EXPECT_NEAR(first.slope(), all.slope(), 1e-12);
    EXPECT_NEAR(first.residual_rms(), all.residual_rms(), 1e-12);
}

TEST(LinearRegression, IsLevelWhileAllPointsShareOneX) {
    LinearRegression fit;
    EXPECT_EQ(fit.residual_rms(), 0);
    fit.add(2, 5);
    fit.add(2, 7);
    EXPECT_EQ(fit.slope(), 0);
    EXPECT_DOUBLE_EQ(fit.at(100), 6);
    EXPECT_DOUBLE_EQ(fit.residual_rms(), 1);
}

}  // namespace
}  // namespace onetake
