#include "media/linear_regression.h"

#include <cmath>

namespace onetake {

void LinearRegression::add(double x, double y) {
    if (count_++ == 0) {
        origin_x_ = x;
        origin_y_ = y;
    }
    const auto n = static_cast<double>(count_);
    const double dx = x - origin_x_ - mean_x_;
    const double dy = y - origin_y_ - mean_y_;
    join(dx, dy, 1 - 1 / n);
    mean_x_ += dx / n;
    mean_y_ += dy / n;
}

void LinearRegression::merge(const LinearRegression& other) {
    if (other.count_ == 0) return;
    if (count_ == 0) {
        *this = other;
        return;
    }
    const auto n = static_cast<double>(count_);
    const auto m = static_cast<double>(other.count_);
    const double dx = other.origin_x_ - origin_x_ + (other.mean_x_ - mean_x_);
    const double dy = other.origin_y_ - origin_y_ + (other.mean_y_ - mean_y_);
    squares_ += other.squares_;
    if (const double both = sxx_ + other.sxx_; both > 0) {
        const double apart = other.slope_ - slope_;
        squares_ += apart * apart * sxx_ * other.sxx_ / both;
        slope_ += apart * other.sxx_ / both;
        sxx_ = both;
    }
    join(dx, dy, n * m / (n + m));
    mean_x_ += dx * m / (n + m);
    mean_y_ += dy * m / (n + m);
    count_ += other.count_;
}

// Adds the distance (dx, dy) of two groups' means as a point with this weight.
void LinearRegression::join(double dx, double dy, double weight) {
    const double off = dy - slope_ * dx;
    const double sxx = sxx_ + weight * dx * dx;
    if (sxx > 0) {
        squares_ += weight * off * off * sxx_ / sxx;
        slope_ += weight * dx * off / sxx;
    } else {
        squares_ += weight * off * off;
    }
    sxx_ = sxx;
}

double LinearRegression::squares_about(double at_mean, double slope) const {
    const double off = mean_y() - at_mean;
    const double turned = slope - slope_;
    return squares_ + turned * turned * sxx_ + static_cast<double>(count_) * off * off;
}

double LinearRegression::residual_rms() const {
    return count_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(count_));
}

}  // namespace onetake
