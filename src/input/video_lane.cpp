#include "input/video_lane.h"

#include "codec/frame_converter.h"

#include <algorithm>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kIdleImages = 8;
constexpr std::size_t kMostOutstanding = 64;  // no decoder holds more frames

}  // namespace

VideoLane::VideoLane(Outlet<VideoReceiver>& outlet, bool live, const MediaInputOptions& options)
    : outlet_(outlet),
      watch_(outlet, "frame", options.stall_after),
      live_(live),
      most_pixels_(options.limits.pixels),
      pool_(BufferPool::create(kIdleImages)) {}

void VideoLane::open(const StreamParams& params) {
    if (ended_) return;
    decoder_.reset();
    outstanding_.clear();
    reordered_ = false;
    awaits_key_ = true;
    auto opened = VideoDecoder::open(params, most_pixels_);
    if (opened)
        decoder_ = std::move(*opened);
    else
        end(opened.error().message, host_now());
}

void VideoLane::take(const InputMedia& media, const InputStamp& stamp) {
    if (ended_ || !decoder_) return;
    const auto& packet = media.packet.packet;
    if (media.dropped_before > 0) {
        outlet_.report(SourceEvent::Kind::driver_drop, media.packet.arrival,
                       "frames arrived faster than they could be decoded", media.dropped_before);
        awaits_key_ = true;
    }
    if (awaits_key_ && !packet.key && ++awaited_ < kMostFailures) {  // some streams never have one
        if (last_ && !watch_.out())
            outlet_.report(SourceEvent::Kind::driver_drop, media.packet.arrival, "a frame has no keyframe", 1);
        return;
    }
    awaits_key_ = false;
    awaited_ = 0;
    reordered_ = reordered_ || media.packet.decoding_time;
    if (outstanding_.size() >= kMostOutstanding) outstanding_.pop_front();
    outstanding_.push_back({next_number_, stamp, media.packet.arrival, packet.hidden || !stamp.shown});
    std::vector<DecodedImage> images;
    const auto status = decoder_->decode(packet.bytes, next_number_++, *pool_, images);
    deliver_all(images);
    if (!status)
        failed(status.error(), media.packet.arrival);
    else if (!images.empty())
        failures_ = 0;
}

void VideoLane::failed(const Error& error, HostTime now) {
    outlet_.report(SourceEvent::Kind::corrupt, now, error.message, 1);
    if (++failures_ >= kMostFailures || error.code == ErrorCode::unsupported)
        end("its video is given up, for it can't be decoded: " + error.message, now);
}

void VideoLane::finish() {
    if (ended_ || !decoder_) return;
    std::vector<DecodedImage> images;
    if (const auto status = decoder_->finish(*pool_, images); !status) failed(status.error(), host_now());
    deliver_all(images);
    decoder_.reset();
}

void VideoLane::end(const std::string& text, HostTime now) {
    if (std::exchange(ended_, true)) return;
    decoder_.reset();
    outlet_.report(SourceEvent::Kind::ended, now, text);
}

// Where only times of decoding are known, the frames, which come in the order they are shown in, take them in order.
std::optional<VideoLane::Outstanding> VideoLane::origin_of(std::int64_t number) {
    const auto found = std::ranges::find(outstanding_, number, &Outstanding::number);
    if (found == outstanding_.end()) return std::nullopt;
    auto origin = *found;
    if (reordered_) {
        const auto earliest =
            std::ranges::min_element(outstanding_, {}, [](const Outstanding& o) { return o.stamp.time; });
        std::swap(earliest->stamp, found->stamp);
        origin.stamp = found->stamp;
    }
    outstanding_.erase(found);
    return origin;
}

void VideoLane::deliver_all(std::vector<DecodedImage>& images) {
    for (auto& decoded : images) {
        const auto origin = origin_of(decoded.number);
        if (origin && !origin->hidden) deliver(std::move(decoded.image), *origin);
    }
}

void VideoLane::deliver(PlanarImage image, const Outstanding& origin) {
    const auto& stamp = origin.stamp;
    if (last_ && stamp.time <= *last_) {
        outlet_.report(SourceEvent::Kind::corrupt, origin.arrival, "a frame's time is not after the one before", 1);
        return;
    }
    const auto since = last_ ? stamp.time - *last_ : Duration::zero();
    if (live_) {
        std::uint64_t missing = 0;
        if (watch_.out() && interval_ > Duration::zero())
            missing = static_cast<std::uint64_t>(std::max<std::int64_t>(0, (since + interval_ / 2) / interval_ - 1));
        watch_.arrived(origin.arrival, missing);
        if (missing == 0) interval_ = interval_ > Duration::zero() ? interval_ + (since - interval_) / 8 : since;
    }
    last_ = stamp.time;
    if (image.chroma == Chroma::s440 || image.chroma == Chroma::s411) image = to_420(std::move(image), *pool_);
    outlet_.with([&](VideoReceiver& receiver) {
        auto frame = to_frame(image, receiver.buffer(frame_size_of(image)));
        frame.stamp = {stamp.time, origin.arrival, stamp.source, {}};
        receiver.deliver(std::move(frame));
    });
}

}  // namespace onetake
