#pragma once

#include "base/time.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace onetake {

/// Watches which tracks of a file have no media while others go on, so that the others' packets don't wait for them.
/// Depends on the media's times alone. Thread-bound.
class TrackPace {
 public:
    /// A track without media for this long is silent. Video that is still in an encoder comes up to a second later.
    static constexpr Duration kVideoSilence = std::chrono::seconds(5);
    /// The place of audio is known up to 64 s later.
    static constexpr Duration kAudioSilence = std::chrono::seconds(70);

    /// Tracks are numbered from 0.
    void add_track(Duration silence) { tracks_.push_back({silence, {}, false}); }
    /// Media of a track at `time`.
    void at(std::size_t track, MediaTime time) {
        tracks_[track].last = std::max(tracks_[track].last.value_or(time), time);
        tracks_[track].silent = false;
        latest_ = std::max(latest_, time);
    }
    /// The latest time of any track.
    MediaTime latest() const { return latest_; }

    /// Calls `pass(track, time, first)` about once a second for each silent track: it has nothing before `time`.
    /// `first`: since its last media. `pass` returns a Status, as this does.
    template <class Pass>
    auto pass_silent(Pass&& pass) -> decltype(pass(std::size_t{}, MediaTime{}, true)) {
        if (latest_ - passed_ < std::chrono::seconds(1)) return {};
        passed_ = latest_;
        for (std::size_t i = 0; i < tracks_.size(); ++i) {
            auto& track = tracks_[i];
            if (latest_ - track.last.value_or(MediaTime{}) <= track.silence) continue;
            const bool first = !track.silent;
            track.silent = true;
            if (auto status = pass(i, latest_ - track.silence, first); !status) return status;
        }
        return {};
    }

 private:
    struct Track {
        Duration silence;
        std::optional<MediaTime> last;
        bool silent = false;
    };
    std::vector<Track> tracks_;
    MediaTime latest_, passed_;
};

}  // namespace onetake
