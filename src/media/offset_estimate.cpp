#include "media/offset_estimate.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace onetake {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Duration kBeepError = microseconds(200);  // uncertainty of a beep's time
constexpr Duration kSlack = milliseconds(3);        // for jitter of the stamps
constexpr std::size_t kMostLeftOut = 4;             // at most one pair in so many

double ms(Duration d) {
    return to_seconds(d) * 1e3;
}

}  // namespace

Result<OffsetEstimate> estimate_offset(const SyncReport& marks, Duration frame_interval) {
    std::vector<Duration> offsets;
    offsets.reserve(marks.pairs.size());
    for (const auto& pair : marks.pairs) offsets.push_back(pair.offset());
    if (offsets.size() < kLeastPairs)
        return fail(
            ErrorCode::refused,
            fmt::format(
                "Only {} flashes with a beep were found ({} flashes and {} beeps have no partner); at least "
                "{} are needed. Is the complete flash in the camera's view, and does the microphone pick up the beep?",
                offsets.size(), marks.lone_flashes, marks.lone_beeps, kLeastPairs));
    std::ranges::sort(offsets);
    const auto all = offsets.size();
    const auto median = offsets[all / 2];
    std::erase_if(offsets, [&](Duration o) { return std::chrono::abs(o - median) > frame_interval + kSlack; });

    OffsetEstimate estimate;
    estimate.pairs = offsets.size();
    estimate.left_out = all - offsets.size();
    estimate.scatter = offsets.back() - offsets.front();
    const auto most = frame_interval + frame_interval / 4 + kSlack;
    if (estimate.pairs < kLeastPairs || estimate.left_out * kMostLeftOut > all || estimate.scatter > most)
        return fail(ErrorCode::refused,
                    fmt::format("The pairs of flash and beep scatter too much for one constant offset: {} of {} are "
                                "within {:.1f} ms, and frames are {:.1f} ms apart. Avoid changing light and "
                                "movement in front of the camera, and try again.",
                                estimate.pairs, all, ms(estimate.scatter), ms(frame_interval)));
    const auto step = estimate.scatter / static_cast<std::int64_t>(estimate.pairs - 1);
    estimate.frame_locked = estimate.scatter < frame_interval / 4;
    estimate.offset = offsets.back() + step;
    estimate.error = step * 5 / 2 + kBeepError;
    return estimate;
}

}  // namespace onetake
