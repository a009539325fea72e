#include "sink/disk_watch.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace onetake {

namespace {

using std::chrono::seconds;
constexpr Duration kMeasure = seconds(30);  // the rate is that of the last half minute
constexpr Duration kLeastMeasure = seconds(3);
constexpr std::array kWarnBelow_min{10.0, 2.0};
constexpr double kAgainAbove = 2;  // a warning is given anew once there was this much more time than it warns below

}  // namespace

std::optional<std::string> DiskWatch::update(HostTime now, std::uint64_t bytes_stored, std::uint64_t bytes_left) {
    past_.push_back({now, bytes_stored, bytes_left});
    while (now - past_.front().time > kMeasure) past_.pop_front();
    const auto span = now - past_.front().time;
    const auto grown = static_cast<std::int64_t>(bytes_stored - past_.front().stored);
    const auto filled = static_cast<std::int64_t>(past_.front().left - bytes_left);
    if (span < kLeastMeasure || std::max(grown, filled) <= 0) return std::nullopt;
    const double rate = static_cast<double>(std::max(grown, filled)) / to_seconds(span);
    const double minutes = static_cast<double>(bytes_left) / rate / 60;

    while (warned_ > 0 && minutes > kAgainAbove * kWarnBelow_min[static_cast<std::size_t>(warned_ - 1)]) --warned_;
    int due = warned_;
    while (due < static_cast<int>(kWarnBelow_min.size()) && minutes < kWarnBelow_min[static_cast<std::size_t>(due)])
        ++due;
    if (due == warned_) return std::nullopt;
    warned_ = due;
    return fmt::format("The disk will be full in {:.1f} minutes at the present rate ({:.1f} MB left, {:.2f} MB/s).",
                       minutes, static_cast<double>(bytes_left) / 1e6, rate / 1e6);
}

}  // namespace onetake
