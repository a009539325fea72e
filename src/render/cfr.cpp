#include "render/cfr.h"

#include <cmath>
#include <fcntl.h>
#include <fmt/format.h>

namespace onetake {

namespace {

struct Rate {
    std::int64_t numerator, denominator;
};

// 29.97 stands for 30000/1001, 23.976 and 59.94 likewise; other rates are rounded to a thousandth.
Rate exact_rate(double fps) {
    const double rounded = std::round(fps);
    if (std::abs(fps - rounded * 1000 / 1001) < 0.005 && rounded >= 1)
        return {static_cast<std::int64_t>(rounded) * 1000, 1001};
    return {std::llround(fps * 1000), 1000};
}

}  // namespace

Result<ConstantRate> ConstantRate::create(double fps, std::string map_path) {
    auto map = AtomicFile::create(AT_FDCWD, std::move(map_path));
    if (!map) return fail(std::move(map).error());
    ONETAKE_TRY(map->write("output_frame,output_s,stored_frame,stored_s\n"));
    const auto rate = exact_rate(fps);
    return ConstantRate(rate.numerator, rate.denominator, std::move(*map));
}

MediaTime ConstantRate::time_of(std::int64_t k) const {
    return MediaTime(from_ticks(k * denominator_, numerator_));
}

Status ConstantRate::add(PlanarImage image, std::int64_t number, MediaTime time, const Out& out) {
    if (held_) {
        // Up to the middle between two frames, the earlier one is nearer.
        ONETAKE_TRY(show_until(held_->time + (time - held_->time) / 2, out));
    } else if (!begun_) {
        next_ = (to_ticks(time.time_since_epoch(), numerator_) + denominator_ / 2) / denominator_;
        begun_ = true;
    }
    held_ = Held{std::move(image), number, time};
    return {};
}

Status ConstantRate::finish(const Out& out) {
    if (held_) ONETAKE_TRY(show_until(held_->time + from_ticks(denominator_, numerator_) / 2, out));
    held_.reset();
    return {};
}

Status ConstantRate::show_until(MediaTime end, const Out& out) {
    for (; time_of(next_) <= end; ++next_) {
        const auto time = time_of(next_);
        ONETAKE_TRY(map_.write(fmt::format("{},{:.9f},{},{:.9f}\n", next_, to_seconds(time.time_since_epoch()),
                                           held_->number, to_seconds(held_->time.time_since_epoch()))));
        ONETAKE_TRY(out(copied(held_->image, *copies_), time));
    }
    return {};
}

}  // namespace onetake
