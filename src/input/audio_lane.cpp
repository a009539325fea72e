#include "input/audio_lane.h"

#include <algorithm>
#include <utility>

namespace onetake {

AudioLane::AudioLane(Outlet<AudioReceiver>& outlet, int sample_rate, int channels, bool live,
                     const MediaInputOptions& options)
    : outlet_(outlet),
      watch_(outlet, "sample", options.stall_after),
      sample_rate_(sample_rate),
      channels_(channels),
      live_(live) {}

void AudioLane::open(const StreamParams& params) {
    if (ended_) return;
    decoder_.reset();
    auto opened = AudioDecoder::open(params, sample_rate_, channels_);
    if (opened)
        decoder_ = std::move(*opened);
    else
        end(opened.error().message, host_now());
}

void AudioLane::take(const InputMedia& media, const StampOf& stamp_of) {
    if (ended_ || !decoder_) return;
    lost_some_ = lost_some_ || media.dropped_before > 0;
    std::vector<DecodedAudio> runs;
    const auto status = decoder_->decode(media.packet.packet, runs);
    deliver_all(runs, media.packet.arrival, stamp_of);
    if (!status)
        failed(status.error(), media.packet.arrival);
    else if (!runs.empty())
        failures_ = 0;
}

void AudioLane::failed(const Error& error, HostTime now) {
    lost_some_ = true;
    if (failures_ == 0) outlet_.report(SourceEvent::Kind::note, now, error.message);
    if (++failures_ >= kMostFailures || error.code == ErrorCode::unsupported)
        end("its audio is given up, for it can't be decoded: " + error.message, now);
}

void AudioLane::finish(const StampOf& stamp_of) {
    if (ended_ || !decoder_) return;
    std::vector<DecodedAudio> runs;
    const auto now = host_now();
    if (const auto status = decoder_->finish(runs); !status) failed(status.error(), now);
    deliver_all(runs, now, stamp_of);
    decoder_.reset();
}

void AudioLane::end(const std::string& text, HostTime now) {
    if (std::exchange(ended_, true)) return;
    decoder_.reset();
    outlet_.report(SourceEvent::Kind::ended, now, text);
}

void AudioLane::deliver_all(std::vector<DecodedAudio>& runs, HostTime arrival, const StampOf& stamp_of) {
    for (auto& run : runs) {
        // What lies before the media time 0 is not presented.
        if (!stamp_of(run.time).shown) {
            const auto early =
                std::min(to_ticks(-run.time, sample_rate_), static_cast<std::int64_t>(run.samples.size()) / channels_);
            run.samples.erase(run.samples.begin(),
                              run.samples.begin() + static_cast<std::ptrdiff_t>(early * channels_));
            run.time += from_ticks(early, sample_rate_);
        }
        if (!run.samples.empty()) deliver(std::move(run), arrival, stamp_of(run.time));
    }
}

void AudioLane::deliver(DecodedAudio run, HostTime arrival, InputStamp stamp) {
    AudioBlock block;
    block.channels = channels_;
    block.samples = std::move(run.samples);
    block.time = stamp.time;
    block.arrival = arrival;
    block.source = stamp.source;
    const bool broken = std::exchange(broken_, false) || std::exchange(lost_some_, false) || watch_.out();
    block.xrun = broken && end_;
    std::uint64_t missing = 0;
    if (block.xrun)
        missing = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_ticks(stamp.time - *end_, sample_rate_)));
    if (live_) watch_.arrived(arrival, missing);
    end_ = stamp.time + from_ticks(block.frames(), sample_rate_);
    outlet_.with([&](AudioReceiver& receiver) { receiver.deliver(std::move(block)); });
}

}  // namespace onetake
