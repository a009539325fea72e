#pragma once

#include "base/wake_event.h"
#include "media/source.h"
#include "record/media_turn.h"

#include <onetake/room.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace onetake {

/// What the tracks of one source of a room share.
struct RoomFeedOptions {
    Room* room = nullptr;
    std::string participant;
    EventCallback on_event;              ///< may be empty; thread-safe
    const WakeEvent* changed = nullptr;  ///< is woken when a track ends
    MediaTurn turn;
    HostTime until = HostTime::max();  ///< media from here on are left out
};

/// One track of a source, on its way into a room. Its receiver's calls come from the source's thread.
class RoomFeed {
 public:
    RoomFeed(RoomFeedOptions options, RecordingTrack track) : options_(std::move(options)), track_(std::move(track)) {}
    RoomFeed(const RoomFeed&) = delete;
    RoomFeed& operator=(const RoomFeed&) = delete;

    const RecordingTrack& track() const { return track_; }
    /// Nothing more will come, or is wanted.
    bool ended() const { return ended_; }

 protected:
    ~RoomFeed() = default;
    /// Whether media at `time` are wanted; waits for their turn.
    bool admit(HostTime time);
    void report_event(const SourceEvent& event);
    Delivery delivery(const Status& status);

    const RoomFeedOptions options_;
    const RecordingTrack track_;

 private:
    void end();
    std::atomic<bool> ended_{false};
};

class RoomVideoFeed final : public RoomFeed, public VideoReceiver {
 public:
    using RoomFeed::RoomFeed;
    Buffer buffer(std::size_t bytes) override { return buffers_->take(bytes); }
    Delivery deliver(Frame frame) override;
    void report(SourceEvent event) override { report_event(event); }

 private:
    const std::shared_ptr<BufferPool> buffers_ = BufferPool::create(16);
};

class RoomAudioFeed final : public RoomFeed, public AudioReceiver {
 public:
    using RoomFeed::RoomFeed;
    Delivery deliver(AudioBlock block) override;
    void report(SourceEvent event) override { report_event(event); }
};

}  // namespace onetake
