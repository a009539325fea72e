#include "sink/disk_watch.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace onetake {

namespace {

using std::chrono::seconds;
constexpr Duration kMeasure = seconds(30);  // the rate is that of the last half minute
constexpr Duration kShortestMeasure = seconds(3);
constexpr std::array kWarnBelow_min{10.0, 2.0};
constexpr double kAgainAbove = 2;  // warns again after the forecast has risen above this many times the threshold

}  // namespace

std::optional<SupplyWatch::Forecast> SupplyWatch::update(HostTime now, std::uint64_t used, std::uint64_t left) {
    past_.push_back({now, used, left});
    while (now - past_.front().time > kMeasure) past_.pop_front();
    const auto span = now - past_.front().time;
    const auto grown = static_cast<std::int64_t>(used - past_.front().used);
    const auto shrunk = static_cast<std::int64_t>(past_.front().left - left);
    if (span < kShortestMeasure || std::max(grown, shrunk) <= 0) return std::nullopt;
    Forecast forecast;
    forecast.per_second = static_cast<double>(std::max(grown, shrunk)) / to_seconds(span);
    forecast.minutes = static_cast<double>(left) / forecast.per_second / 60;

    const auto minutes = forecast.minutes;
    while (warned_ > 0 && minutes > kAgainAbove * kWarnBelow_min[static_cast<std::size_t>(warned_ - 1)]) --warned_;
    int due = warned_;
    while (due < static_cast<int>(kWarnBelow_min.size()) && minutes < kWarnBelow_min[static_cast<std::size_t>(due)])
        ++due;
    if (due == warned_) return std::nullopt;
    warned_ = due;
    return forecast;
}

std::optional<std::string> DiskWatch::update(HostTime now, std::uint64_t bytes_stored, std::uint64_t files_stored,
                                             const DiskRoom& room) {
    const auto bytes = bytes_.update(now, bytes_stored, room.bytes);
    const auto files = room.files ? files_.update(now, files_stored, *room.files) : std::nullopt;
    if (!bytes && !files) return std::nullopt;
    if (!files || (bytes && bytes->minutes < files->minutes))
        return fmt::format("The disk will be full in {:.1f} minutes at the present rate ({:.1f} MB left, {:.2f} MB/s).",
                           bytes->minutes, static_cast<double>(room.bytes) / 1e6, bytes->per_second / 1e6);
    return fmt::format(
        "The disk will have no free inodes in {:.1f} minutes at the present rate ({} left, {:.1f} files/s; "
        "see `df -i`).",
        files->minutes, *room.files, files->per_second);
}

}  // namespace onetake
