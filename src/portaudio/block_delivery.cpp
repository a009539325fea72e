#include "portaudio/block_delivery.h"

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
    for (Held held; feed.ring().read(held.block, held.samples); held = {}) {
        ++blocks;
        clock_.observe(held.block.times);
        held_.push_back(std::move(held));
        if (clock_.decided()) release(receiver);
    }
    if (!held_.empty() && now - held_.front().block.times.host >= StreamClock::kLongest) {
        clock_.decide();
        release(receiver);
    }
    return blocks;
}

void BlockDelivery::finish(SampleFeed& feed, AudioReceiver& receiver, HostTime now) {
    drain(feed, receiver, now);
    clock_.decide();
    release(receiver);
    tell_loss(feed.ring().lost() - lost_told_, now, receiver);
}

void BlockDelivery::release(AudioReceiver& receiver) {
    if (held_.empty()) return;
    if (clock_.kind() == StreamClock::Kind::unusable && !std::exchange(no_clock_told_, true))
        receiver.report({SourceEvent::Kind::note, held_.front().block.times.host, 0,
                       fmt::format("microphone '{}' does not tell when it captured: its sound is stamped on arrival, "
                                   "late by the device's delay",
                                   name_)});
    for (auto& held : held_) deliver(std::move(held), receiver);
    held_.clear();
}

void BlockDelivery::deliver(Held held, AudioReceiver& receiver) {
    const CallbackTimes& times = held.block.times;
    const BlockStamp stamp = clock_.stamp(times);
    tell_loss(held.block.lost_before, stamp.time, receiver);
    AudioBlock block;
    block.samples = std::move(held.samples);
    block.channels = channels_;
    block.time = stamp.time;
    block.arrival = times.host;
    block.source = stamp.source;
    block.xrun = held.block.xrun || held.block.lost_before > 0 || std::exchange(mark_next_, false);
    if (!begin_) begin_ = stamp.time;
    end_ = stamp.time + from_ticks(times.frames, sample_rate_);
    receiver.deliver(std::move(block));
}

void BlockDelivery::tell_loss(std::uint64_t frames, HostTime time, AudioReceiver& receiver) {
    if (frames == 0) return;
    lost_told_ += frames;
    receiver.report(
        {SourceEvent::Kind::driver_drop, time, frames,
         fmt::format("{} samples of microphone '{}' lost: this machine was too busy to take them", frames, name_)});
}

}  // namespace onetake
