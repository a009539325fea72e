#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace onetake {

/// A set of integers stored as ranges: small if the numbers are mostly contiguous. Thread-bound.
class IntervalSet {
 public:
    /// Adds [first, first + count); may overlap existing ranges. `first` and `count` are not negative; their sum must
    /// not overflow.
    void add(std::int64_t first, std::int64_t count = 1) {
        if (count <= 0) return;
        std::int64_t begin = first, end = first + count;
        auto it = ranges_.upper_bound(begin);
        if (it != ranges_.begin() && std::prev(it)->second >= begin) --it;
        while (it != ranges_.end() && it->first <= end) {
            begin = it->first < begin ? it->first : begin;
            end = it->second > end ? it->second : end;
            it = ranges_.erase(it);
        }
        ranges_.emplace(begin, end);
    }
    bool contains(std::int64_t n) const {
        const auto it = ranges_.upper_bound(n);
        return it != ranges_.begin() && std::prev(it)->second > n;
    }
    /// Whether the set contains any number of [first, first + count).
    bool overlaps(std::int64_t first, std::int64_t count) const {
        const auto it = ranges_.lower_bound(first + count);
        return it != ranges_.begin() && std::prev(it)->second > first;
    }
    /// Number of integers in the set.
    std::int64_t size() const {
        std::int64_t n = 0;
        for (const auto& [begin, end] : ranges_) n += end - begin;
        return n;
    }
    std::size_t ranges() const { return ranges_.size(); }
    /// First of each range → one past its last.
    const std::map<std::int64_t, std::int64_t>& by_range() const { return ranges_; }

 private:
    std::map<std::int64_t, std::int64_t> ranges_;
};

}  // namespace onetake
