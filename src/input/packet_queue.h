#pragma once

#include "base/mutex.h"
#include "base/time.h"
#include "container/input_reader.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace onetake {

/// From here on packets are of these streams.
struct InputOpened {
    std::vector<StreamParams> streams;
};
/// A packet, and the sender's clock as known when it was read.
struct InputMedia {
    InputPacket packet;
    std::optional<WallTime> sender_start;
    std::uint64_t dropped_before = 0;  ///< packets of the same stream that found the queue full
};
/// The connection is lost; another is tried.
struct InputLost {
    std::string why;
    HostTime time;
};
/// Nothing follows.
struct InputEnded {
    std::string text;
};
using InputItem = std::variant<InputOpened, InputMedia, InputLost, InputEnded>;

/// What is read and not yet decoded, bounded in packets and bytes. One thread puts, one takes. Thread-safe.
class PacketQueue {
 public:
    static constexpr std::size_t kMostPackets = 512;
    static constexpr std::size_t kMostBytes = 32 << 20;

    /// Adds an item. Of media: waits for room if `wait`, else returns false where there is none. False once closed,
    /// too.
    bool put(InputItem&& item, bool wait);
    /// The oldest item; empty after `timeout`, or once the queue is closed.
    std::optional<InputItem> take(Duration timeout);
    /// Waits until the queue is closed, at most for `timeout`; whether it is.
    bool closed_within(Duration timeout);
    /// Ends all waiting; what is queued is gone.
    void close();

 private:
    bool full() const ONETAKE_REQUIRES(mutex_) { return items_.size() >= kMostPackets || bytes_ >= kMostBytes; }

    Mutex mutex_;
    ConditionVariable changed_;
    std::deque<InputItem> items_ ONETAKE_GUARDED_BY(mutex_);
    std::size_t bytes_ ONETAKE_GUARDED_BY(mutex_) = 0;
    bool closed_ ONETAKE_GUARDED_BY(mutex_) = false;
};

}  // namespace onetake
