#include "portaudio/block_delivery.h"

#include "base/plural.h"

#include <fmt/format.h>
#include <utility>

namespace onetake {

BlockDelivery::BlockDelivery(std::string name, int sample_rate, int channels, bool after_break)
    : name_(std::move(name)),
      sample_rate_(sample_rate),
      channels_(channels),
      clock_(sample_rate),
      mark_next_(after_break) {}

int BlockDelivery::drain(SampleFeed& feed, AudioReceiver& receiver, HostTime now) {
    int blocks = 0;
    for (PendingBlock next; feed.ring().read(next.block, next.samples); next = {}) {
        ++blocks;
        clock_.observe(next.block.times);
        pending_.push_back(std::move(next));
        if (clock_.decided()) release(receiver);
    }
    if (!pending_.empty() && now - pending_.front().block.times.host >= StreamClock::kMaxWait) {
        clock_.decide();
        release(receiver);
    }
    return blocks;
}

void BlockDelivery::finish(SampleFeed& feed, AudioReceiver& receiver, HostTime now) {
    drain(feed, receiver, now);
    clock_.decide();
    release(receiver);
    report_loss(feed.ring().lost() - lost_reported_, now, receiver);
}

void BlockDelivery::release(AudioReceiver& receiver) {
    if (pending_.empty()) return;
    if (clock_.kind() == StreamClock::Kind::unusable && !std::exchange(no_clock_reported_, true))
        receiver.report({SourceEvent::Kind::note, pending_.front().block.times.host, 0,
                         fmt::format("microphone '{}' reports no usable capture times: its audio is stamped on "
                                     "arrival, late by the device's delay",
                                     name_)});
    for (auto& pending : pending_) deliver(std::move(pending), receiver);
    pending_.clear();
}

void BlockDelivery::deliver(PendingBlock pending, AudioReceiver& receiver) {
    const CallbackTimes& times = pending.block.times;
    const BlockStamp stamp = clock_.stamp(times);
    report_loss(pending.block.lost_before, stamp.time, receiver);
    AudioBlock block;
    block.samples = std::move(pending.samples);
    block.channels = channels_;
    block.time = stamp.time;
    block.arrival = times.host;
    block.source = stamp.source;
    block.xrun = pending.block.xrun || pending.block.lost_before > 0 || std::exchange(mark_next_, false);
    if (!begin_) begin_ = stamp.time;
    end_ = stamp.time + from_ticks(times.frames, sample_rate_);
    receiver.deliver(std::move(block));
}

void BlockDelivery::report_loss(std::uint64_t frames, HostTime time, AudioReceiver& receiver) {
    if (frames == 0) return;
    lost_reported_ += frames;
    receiver.report({SourceEvent::Kind::driver_drop, time, frames,
                     fmt::format("{} of microphone '{}' lost: this machine was too busy to read them",
                                 counted(frames, "sample"), name_)});
}

}  // namespace onetake
