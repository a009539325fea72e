#pragma once

#include <cstdint>

namespace onetake {

/// Least-squares line through points added one by one. Sums are about the mean, the mean relative to the first point,
/// so a day of nanoseconds loses no precision. Constant memory.
class LinearRegression {
 public:
    void add(double x, double y);
    /// Adds the other's points.
    void merge(const LinearRegression& other);

    std::int64_t count() const { return count_; }
    double mean_x() const { return origin_x_ + mean_x_; }
    double mean_y() const { return origin_y_ + mean_y_; }
    /// Sums of squares and products about the means.
    double sxx() const { return sxx_; }
    double sxy() const { return slope_ * sxx_; }
    double syy() const { return squares_ + slope_ * slope_ * sxx_; }

    /// 0 while all points share one x.
    double slope() const { return slope_; }
    double at(double x) const { return mean_y() + slope_ * (x - mean_x()); }
    /// Sum of the squared distances of the points from y = `at_mean` + `slope` (x - mean_x).
    double squares_about(double at_mean, double slope) const;
    /// Root mean square distance of the points from the fitted line; 0 without points.
    double residual_rms() const;

 private:
    void join(double dx, double dy, double weight);

    std::int64_t count_ = 0;
    double origin_x_ = 0, origin_y_ = 0;  ///< the first point; means are relative to it
    double mean_x_ = 0, mean_y_ = 0;
    double sxx_ = 0, slope_ = 0;
    double squares_ = 0;  ///< of the distances from the line, summed directly, not as a difference of large numbers
};

}  // namespace onetake
