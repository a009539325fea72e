#include "record/room_feed.h"

#include "base/clock.h"
#include "codec/frame_converter.h"
#include "record/pushed_frame.h"

#include <utility>

namespace onetake {

namespace {

double seconds_of(HostTime t) {
    return to_seconds(t.time_since_epoch());
}

std::optional<VideoFrameFormat> frame_format(PixelFormat format) {
    switch (format) {
        case PixelFormat::bgr24:
            return VideoFrameFormat::raw_bgr24;
        case PixelFormat::rgb24:
            return VideoFrameFormat::raw_rgb24;
        case PixelFormat::gray8:
            return VideoFrameFormat::raw_gray8;
        case PixelFormat::nv12:
            return VideoFrameFormat::raw_nv12;
        case PixelFormat::i420:
            return VideoFrameFormat::raw_i420;
        case PixelFormat::jpeg:
            return VideoFrameFormat::jpeg;
        default:
            return std::nullopt;
    }
}

EventKind event_kind(SourceEvent::Kind kind) {
    switch (kind) {
        case SourceEvent::Kind::stall:
            return EventKind::stall;
        case SourceEvent::Kind::resumed:
            return EventKind::resumed;
        case SourceEvent::Kind::device_lost:
            return EventKind::device_lost;
        case SourceEvent::Kind::driver_drop:
        case SourceEvent::Kind::corrupt:
            return EventKind::loss;
        default:
            return EventKind::note;
    }
}

}  // namespace

bool RoomFeed::admit(HostTime time) {
    if (ended_) return false;
    if (time >= options_.until) {
        end();
        return false;
    }
    options_.turn.wait(time);
    return true;
}

void RoomFeed::end() {
    ended_ = true;
    if (options_.changed != nullptr) options_.changed->wake();
}

void RoomFeed::report_event(const SourceEvent& event) {
    if (options_.on_event)
        options_.on_event({event_kind(event.kind), seconds_of(event.time),
                           options_.participant + " " + std::string(to_string(track_.media)), event.count, event.text});
    if (event.kind == SourceEvent::Kind::ended) end();
}

// A room counts what it refuses.
Delivery RoomFeed::delivery(const Status& status) {
    if (status) return Delivery::accepted;
    return status.error().code == ErrorCode::not_found ? Delivery::closed : Delivery::damaged;
}

Delivery RoomVideoFeed::deliver(Frame frame) {
    const auto time = frame.stamp.time;
    if (!admit(time)) return Delivery::closed;
    auto format = frame_format(frame.format);
    if (!format) {
        auto image = to_planar(frame, frame.color, *buffers_);
        if (!image) return Delivery::damaged;
        frame = to_frame(std::make_shared<const PlanarImage>(to_420(std::move(*image), *buffers_)), *buffers_);
        format = VideoFrameFormat::raw_i420;
    }
    const auto kept = std::make_shared<const Frame>(std::move(frame));
    VideoFrame given;
    given.format = *format;
    given.width = kept->width;
    given.height = kept->height;
    given.stride = *format == VideoFrameFormat::jpeg ? 0 : kept->stride;
    given.bytes = kept->bytes.span();
    given.t = seconds_of(time);
    given.range = kept->color.range == ColorRange::limited ? PixelRange::limited : PixelRange::full;
    given.matrix = kept->color.matrix == ColorMatrix::bt709 ? PixelMatrix::bt709 : PixelMatrix::bt601;
    return delivery(options_.room->push_video(track_, given, kept));
}

Delivery RoomAudioFeed::deliver(AudioBlock block) {
    if (!admit(block.time)) return Delivery::closed;
    return delivery(options_.room->push_audio(track_, block.samples, seconds_of(block.time)));
}

}  // namespace onetake
