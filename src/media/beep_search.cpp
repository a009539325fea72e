#include "media/beep_search.h"

#include "media/sync_marks.h"

#include <algorithm>
#include <cmath>

namespace onetake {

namespace {

constexpr double kWindow_s = 61;
// Kept from one window for the next, so that no beep is cut in two.
constexpr double kOverlap_s = 1;
// What two windows find this close together is one beep.
constexpr Duration kSame = std::chrono::milliseconds(20);

}  // namespace

BeepSearch::BeepSearch(double sample_rate, double tone_hz) : rate_(sample_rate), tone_hz_(tone_hz) {}

void BeepSearch::add(std::span<const float> mono, Duration begin, Duration end, bool after_gap) {
    if (after_gap && !sound_.empty()) {
        search();
        forget(sound_.size());
    }
    if (mono.empty()) return;
    pieces_.push_back({sound_.size(), mono.size(), begin, end});
    sound_.insert(sound_.end(), mono.begin(), mono.end());
    if (static_cast<double>(sound_.size()) < kWindow_s * rate_) return;
    search();
    forget(sound_.size() - static_cast<std::size_t>(kOverlap_s * rate_));
}

std::vector<Duration> BeepSearch::finish() {
    search();
    forget(sound_.size());
    return std::move(beeps_);
}

void BeepSearch::search() {
    for (const double onset : find_beeps(sound_, rate_, tone_hz_)) {
        const auto t = time_of(onset);
        if (beeps_.empty() || t - beeps_.back() > kSame) beeps_.push_back(t);
    }
}

Duration BeepSearch::time_of(double sample) const {
    auto after = std::upper_bound(pieces_.begin(), pieces_.end(), sample,
                                  [](double s, const Piece& p) { return s < static_cast<double>(p.first); });
    if (after == pieces_.begin()) ++after;
    const auto& piece = *(after - 1);
    const double part = (sample - static_cast<double>(piece.first)) / static_cast<double>(piece.count);
    return piece.begin + Duration(std::llround(part * static_cast<double>((piece.end - piece.begin).count())));
}

void BeepSearch::forget(std::size_t count) {
    sound_.erase(sound_.begin(), sound_.begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<Piece> kept;
    for (auto& p : pieces_) {
        if (p.first + p.count <= count) continue;
        if (p.first < count) {
            const auto gone = count - p.first;
            const double share = static_cast<double>(gone) / static_cast<double>(p.count);
            p.begin += Duration(std::llround(share * static_cast<double>((p.end - p.begin).count())));
            p.count -= gone;
            p.first = count;
        }
        p.first -= count;
        kept.push_back(p);
    }
    pieces_ = std::move(kept);
}

}  // namespace onetake
