#include "media/beep_search.h"

#include "media/sync_marks.h"

#include <algorithm>
#include <cmath>

namespace onetake {

namespace {

constexpr double kWindow_s = 61;
// Shared by consecutive windows, so that no beep is cut in two.
constexpr double kOverlap_s = 1;
// Beeps of two windows this close together are the same one.
constexpr Duration kSame = std::chrono::milliseconds(20);

}  // namespace

BeepSearch::BeepSearch(double sample_rate, double tone_hz) : rate_(sample_rate), tone_hz_(tone_hz) {}

void BeepSearch::add(std::span<const float> mono, Duration begin, Duration end, bool after_gap) {
    if (after_gap && !samples_.empty()) {
        search();
        discard(samples_.size());
    }
    if (mono.empty()) return;
    blocks_.push_back({samples_.size(), mono.size(), begin, end});
    samples_.insert(samples_.end(), mono.begin(), mono.end());
    if (static_cast<double>(samples_.size()) < kWindow_s * rate_) return;
    search();
    discard(samples_.size() - static_cast<std::size_t>(kOverlap_s * rate_));
}

std::vector<Duration> BeepSearch::finish() {
    search();
    discard(samples_.size());
    return std::move(beeps_);
}

void BeepSearch::search() {
    for (const double onset : find_beeps(samples_, rate_, tone_hz_)) {
        const auto t = time_of(onset);
        if (beeps_.empty() || t - beeps_.back() > kSame) beeps_.push_back(t);
    }
}

Duration BeepSearch::time_of(double sample) const {
    auto after = std::upper_bound(blocks_.begin(), blocks_.end(), sample,
                                  [](double s, const Block& b) { return s < static_cast<double>(b.first); });
    if (after == blocks_.begin()) ++after;
    const auto& block = *(after - 1);
    const double part = (sample - static_cast<double>(block.first)) / static_cast<double>(block.count);
    return block.begin + Duration(std::llround(part * static_cast<double>((block.end - block.begin).count())));
}

void BeepSearch::discard(std::size_t count) {
    samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<Block> kept;
    for (auto& p : blocks_) {
        if (p.first + p.count <= count) continue;
        if (p.first < count) {
            const auto discarded = count - p.first;
            const double share = static_cast<double>(discarded) / static_cast<double>(p.count);
            p.begin += Duration(std::llround(share * static_cast<double>((p.end - p.begin).count())));
            p.count -= discarded;
            p.first = count;
        }
        p.first -= count;
        kept.push_back(p);
    }
    blocks_ = std::move(kept);
}

}  // namespace onetake
