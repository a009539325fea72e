#pragma once

#include "base/mutex.h"
#include "encode/live_encoder.h"
#include "encode/stream_encoder.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// A StreamEncoder that does another's work on a thread of its own (LiveEncoder), so that several tracks of a file are
/// encoded at once. encode() and pause() do not wait for packets, which come with a later call, in the same order;
/// encode() waits only while the thread is many inputs behind. catch_up() and finish() wait for the packets of all
/// inputs. An error comes with a later call, too, and ends the track.
class BackgroundEncoder final : public StreamEncoder {
 public:
    /// Starts the thread, with the caller's priority.
    explicit BackgroundEncoder(std::unique_ptr<StreamEncoder> encoder);
    /// What is not encoded yet is dropped.
    ~BackgroundEncoder() override;

    void catch_up(std::vector<Packet>& out) override;
    /// After finish().
    StreamCounters counters() const override;
    std::vector<std::string> notes() const override;

 private:
    Status take(EncoderInput input, std::vector<Packet>& out) override;
    Status take_pause(std::vector<Packet>& out) override;
    Status take_end(std::vector<Packet>& out) override;
    void take_ready(std::vector<Packet>& out);
    Status end();

    Mutex mutex_;
    std::vector<Packet> ready_ ONETAKE_GUARDED_BY(mutex_);
    std::optional<Status> ended_;
    std::unique_ptr<LiveEncoder> live_;  // last: its thread uses what is above
};

}  // namespace onetake
