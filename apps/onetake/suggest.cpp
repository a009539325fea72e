#include "suggest.h"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>

namespace onetake::cli {

namespace {

/// Letters to insert, remove, replace or swap with the next one to turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates) {
    constexpr std::size_t kLongest = 200;
    if (text.empty() || text.size() > kLongest) return {};
    const std::string* best = nullptr;
    // A third of the letters may differ; of a short word, one.
    std::size_t least = std::max<std::size_t>(text.size() / 3, 1) + 1;
    for (const auto& candidate : candidates) {
        if (candidate.size() > kLongest || candidate == text) continue;
        const auto distance = edit_distance(text, candidate);
        if (distance >= least || distance >= candidate.size()) continue;
        least = distance;
        best = &candidate;
    }
    return best != nullptr ? fmt::format("; did you mean {}?", *best) : std::string();
}

}  // namespace onetake::cli
