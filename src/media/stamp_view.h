#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace onetake {

/// A straight line y(x): x in s, y in ns.
struct StampLine {
    double x = 0, y = 0, slope = 0;
    double at(double to) const { return y + slope * (to - x); }
};

/// The blocks that are not decided yet, in order, and how far their stamps lie from the expected line.
class StampView {
 public:
    struct Block {
        std::int64_t first = 0, end = 0;  ///< samples
        double x = 0, y = 0;              ///< of the first sample, see StampCell
        double end_x = 0;
        bool xrun = false, late_only = false;
        bool together = false;  ///< arrived almost at the same time as the previous block
        bool last = true;       ///< not in one burst with the next: shows the delivery's lateness
    };

    bool empty() const { return blocks_.empty(); }
    std::size_t size() const { return blocks_.size(); }
    const Block& operator[](std::size_t i) const { return blocks_[i]; }
    const Block& front() const { return blocks_.front(); }
    const Block& back() const { return blocks_.back(); }
    auto begin() const { return blocks_.begin(); }
    auto end() const { return blocks_.end(); }

    /// `apart`: not in one burst with the previous block.
    void append(const Block& block, bool apart);
    /// Removes the first blocks.
    void drop(std::size_t count);

    /// Number of blocks up to the first that is `ahead` s after the cell's end by sample, and 0.85 of that by stamp, or
    /// all. Never reaches further than 60 s. A burst after a stall can't be judged before it ends.
    std::size_t reaching(std::int64_t cell_end, double cell_end_x, std::int64_t ahead_samples, double ahead) const;
    /// The longest reach, in seconds of stream.
    static constexpr double kLongestSeconds = 60;

    /// Measures the first `count` blocks' distances. For late stamps x is the block's end.
    void measure(const StampLine& line, bool late, std::size_t count);
    /// Replaces each residual by the least of it and all later ones, as lost audio only raises the level of late
    /// stamps. A few stamps below `bound` are errors. Returns the limit below which stamps are ignored.
    double keep_least_late(double bound);

    /// The x of a block's stamp in the last measurement.
    double x_of(std::size_t i) const { return late_ ? blocks_[i].end_x : blocks_[i].x; }
    const std::vector<double>& distances() const { return distances_; }
    /// The distances; after keep_least_late(), the least of each and all later ones.
    const std::vector<double>& residuals() const { return residuals_; }
    /// Medians of residuals [from, to) in windows of `size`; a shorter last window only if it is the only one.
    std::vector<double> window_medians(std::size_t from, std::size_t to, std::size_t size) const;
    /// How many of these blocks show the delivery's lateness.
    std::size_t shown(std::size_t from, std::size_t to) const;

 private:
    std::deque<Block> blocks_;
    std::vector<double> distances_, residuals_;  // of the first blocks
    bool late_ = false;
};

}  // namespace onetake
