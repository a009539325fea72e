#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace onetake {

/// Puts what parallel workers finish out of order back into the order of its numbers. Every number must come exactly
/// once, a failed one too. Holds as many as there are in flight. Thread-bound.
template <class T>
class ReorderBuffer {
 public:
    /// Takes item `number` and gives every item that is next in line to `out`.
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
