#pragma once

#include <onetake/room.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Media that a recorder got, kept by their owner.
struct HeldMedia {
    RecordingTrack track;
    MediaData data;
    double timestamp_ms = 0;
};

/// Holds a room's media until its file begins: when every track that is there has delivered, with the last one's first
/// media, what lies before being cut off to the sample; or without those that have not delivered in time, with all that
/// is held. A value without threads or clocks: time is that of the media. Thread-bound.
class RoomStartGate {
 public:
    /// `timeout_s`: of media. Unset: nothing is held.
    explicit RoomStartGate(std::optional<double> timeout_s) : timeout_s_(timeout_s), open_(!timeout_s) {}

    void add(std::uint64_t track);
    /// A track that left is not awaited; what is to be passed on then.
    std::vector<HeldMedia> remove(std::uint64_t track);
    /// Takes media in; what is to be passed on now, in order.
    std::vector<HeldMedia> take(HeldMedia media);
    /// No more will come: what is held.
    std::vector<HeldMedia> finish();

    bool is_open() const { return open_; }
    /// Whether media of a track are held.
    bool holds(std::uint64_t track) const;
    /// Tracks that the file begins without. Once it has begun.
    const std::vector<std::uint64_t>& late() const { return late_; }

 private:
    static constexpr std::size_t kMostBytes = std::size_t{256} << 20;  // then it begins

    std::vector<HeldMedia> decide();
    std::vector<HeldMedia> release(double begin_ms);

    const std::optional<double> timeout_s_;
    bool open_;
    std::map<std::uint64_t, std::optional<double>> first_ms_;  // by track
    std::optional<double> earliest_ms_, latest_ms_, begin_ms_;
    std::vector<HeldMedia> held_;
    std::size_t bytes_ = 0;
    std::vector<std::uint64_t> late_;
};

}  // namespace onetake
