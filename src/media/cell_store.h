#pragma once

#include "media/lower_envelope.h"
#include "media/stamp_cell.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace onetake {

/// The cells that lines are fitted to, in order, with sums over aligned groups, so that a window of minutes is summed
/// in a few dozen steps.
class CellStore {
 public:
    /// One cell, or several of one segment.
    struct Sum {
        std::int64_t segment = 0;
        LinearRegression stamps;
        double first_x = 0, last_x = 0;  ///< mean x of its first and last cell
        double edges = 0, edges_x = 0;   ///< number of known edges; sum of their x
        double first_edge_x = 0, last_edge_x = 0;
        double squared_spread = 0;
        /// The lower convex hull of the edges.
        std::vector<LowerEnvelope::Point> hull;
    };

    std::size_t size() const { return cells_.size(); }
    bool empty() const { return cells_.empty(); }
    const StampCell& operator[](std::size_t i) const { return cells_[i]; }
    const StampCell& front() const { return cells_.front(); }
    const StampCell& back() const { return cells_.back(); }
    auto begin() const { return cells_.begin(); }
    auto end() const { return cells_.end(); }

    void push_back(const StampCell& cell) {
        cells_.push_back(cell);
        sums_.push_back(sum_of(cell));
        if ((dropped_ + cells_.size()) % kGroup == 0) groups_.push_back(make_group());
    }
    void pop_front() {
        cells_.pop_front();
        sums_.pop_front();
        if (++dropped_ % kGroup == 0 && !groups_.empty()) groups_.pop_front();
    }

    /// Calls `visitor(sum)` for the sums that make up cells [first, last), in order.
    template <typename Visitor>
    void visit(std::size_t first, std::size_t last, Visitor visitor) const {
        for (auto i = first; i < last;) {
            const auto at = dropped_ + i;
            const auto group = at / kGroup - dropped_ / kGroup;
            if (at % kGroup == 0 && i + kGroup <= last && group < groups_.size() && groups_[group].one_segment) {
                visitor(groups_[group].sum);
                i += kGroup;
            } else {
                visitor(sums_[i++]);
            }
        }
    }

 private:
    static constexpr std::size_t kGroup = 16;
    struct Group {
        Sum sum;
        bool one_segment = false;  ///< otherwise unused
    };

    static Sum sum_of(const StampCell& cell) {
        Sum s;
        s.segment = cell.segment;
        s.stamps = cell.stamps;
        s.first_x = s.last_x = cell.stamps.mean_x();
        if (!cell.edge.known) return s;
        s.edges = 1;
        s.edges_x = s.first_edge_x = s.last_edge_x = cell.edge.x;
        s.squared_spread = cell.edge.spread * cell.edge.spread;
        s.hull = {{cell.edge.x, cell.edge.y}};
        return s;
    }

    // Of the last kGroup cells; cells may have been dropped from a group before it was complete.
    Group make_group() {
        Group group;
        if (cells_.size() < kGroup) return group;
        const auto first = sums_.size() - kGroup;
        auto& sum = group.sum;
        sum.segment = sums_[first].segment;
        group.one_segment = sum.segment == sums_.back().segment;
        if (!group.one_segment) return group;
        LowerEnvelope envelope;
        for (auto i = first; i < sums_.size(); ++i) {
            const auto& s = sums_[i];
            if (s.stamps.count() > 0) {
                if (sum.stamps.count() == 0) sum.first_x = s.first_x;
                sum.last_x = s.last_x;
                sum.stamps.merge(s.stamps);
            }
            if (s.edges == 0) continue;
            if (sum.edges == 0) sum.first_edge_x = s.first_edge_x;
            sum.last_edge_x = s.last_edge_x;
            sum.edges += 1;
            sum.edges_x += s.edges_x;
            sum.squared_spread += s.squared_spread;
            envelope.add(s.edges_x, s.hull.front().y);
        }
        sum.hull = envelope.points();
        return group;
    }

    std::deque<StampCell> cells_;
    std::deque<Sum> sums_;  // of each cell
    std::deque<Group> groups_;
    std::size_t dropped_ = 0;
};

}  // namespace onetake
