#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace onetake {

/// Restores the order of numbered items that parallel workers finish out of order. Every number must be added exactly
/// once, also for a failed item. Holds at most the items in flight. Thread-bound.
template <class T>
class ReorderBuffer {
 public:
    /// Adds item `number` and passes every item that is next in order to `out`.
    template <class Out>
    void add(std::uint64_t number, T item, Out&& out) {
        if (number != next_) {
            waiting_.emplace(number, std::move(item));
            return;
        }
        out(std::move(item));
        ++next_;
        for (auto it = waiting_.begin(); it != waiting_.end() && it->first == next_; it = waiting_.erase(it), ++next_)
            out(std::move(it->second));
    }
    std::size_t waiting() const { return waiting_.size(); }

 private:
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, T> waiting_;
};

}  // namespace onetake
