#pragma once

#include "base/mutex.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace onetake {

/// The tracks of one kind of a take that is being recorded, by index from 0. Tracks are added while others are used,
/// and stay as long as the list. Thread-safe; the tracks themselves are not.
template <class T>
class TrackList {
 public:
    /// Indices that were left out have no track.
    T& put(std::size_t index, std::unique_ptr<T> track) {
        MutexLock lock(mutex_);
        if (tracks_.size() <= index) tracks_.resize(index + 1);
        tracks_[index] = std::move(track);
        return *tracks_[index];
    }
    /// A track that was put.
    T& at(std::size_t index) const {
        MutexLock lock(mutex_);
        return *tracks_.at(index);
    }
    /// All, in order.
    std::vector<T*> all() const {
        MutexLock lock(mutex_);
        std::vector<T*> all;
        for (const auto& track : tracks_)
            if (track) all.push_back(track.get());
        return all;
    }
    /// Null without one.
    T* first() const {
        const auto tracks = all();
        return tracks.empty() ? nullptr : tracks.front();
    }

 private:
    mutable Mutex mutex_;
    std::vector<std::unique_ptr<T>> tracks_ ONETAKE_GUARDED_BY(mutex_);
};

}  // namespace onetake
