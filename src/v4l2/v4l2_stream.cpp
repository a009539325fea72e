#include "v4l2/v4l2_stream.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

namespace onetake {
namespace {

v4l2_buffer capture_buffer(std::uint32_t index) {
    v4l2_buffer buffer{};
    buffer.index = index;
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    return buffer;
}

}  // namespace

Result<std::unique_ptr<V4l2Stream>> V4l2Stream::create(V4l2Device device, int buffers) {
    std::unique_ptr<V4l2Stream> stream(new V4l2Stream(std::move(device)));
    v4l2_requestbuffers request{};
    request.count = static_cast<std::uint32_t>(buffers);
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    request.memory = V4L2_MEMORY_MMAP;
    if (const int error = stream->device_.ioctl(VIDIOC_REQBUFS, request); error != 0)
        return fail(stream->device_.error(fmt::format("requesting {} buffers", buffers), error));
    if (request.count == 0) return fail(stream->device_.error(fmt::format("requesting {} buffers", buffers), ENOMEM));
    ONETAKE_TRY(stream->map_buffers(request.count));
    return stream;
}

Status V4l2Stream::map_buffers(std::uint32_t count) {
    maps_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        v4l2_buffer buffer = capture_buffer(i);
        if (const int error = device_.ioctl(VIDIOC_QUERYBUF, buffer); error != 0)
            return fail(device_.error("querying a buffer (QUERYBUF)", error));
        void* address = device_.kernel().mmap(device_.fd(), buffer.length, buffer.m.offset);
        if (address == nullptr) return fail(device_.error("mapping a buffer", ENOMEM));
        maps_.push_back({address, buffer.length});
    }
    return {};
}

V4l2Stream::~V4l2Stream() {
    off();
    for (const Map& map : maps_) device_.kernel().munmap(map.address, map.length);
}

Status V4l2Stream::on() {
    for (std::uint32_t i = 0; i < maps_.size(); ++i)
        if (const int error = queue(i); error != 0) return fail(device_.error("queueing a buffer (QBUF)", error));
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (const int error = device_.ioctl(VIDIOC_STREAMON, type); error != 0) {
        // Dequeues all buffers, so that another attempt can queue them again.
        device_.ioctl(VIDIOC_STREAMOFF, type);
        return fail(device_.error("starting the stream (STREAMON)", error));
    }
    on_ = true;
    return {};
}

void V4l2Stream::off() {
    if (!on_) return;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    device_.ioctl(VIDIOC_STREAMOFF, type);
    on_ = false;
}

int V4l2Stream::dequeue(v4l2_buffer& buffer) {
    buffer = capture_buffer(0);
    const int error = device_.ioctl(VIDIOC_DQBUF, buffer);
    // An index that was never granted is a driver error: reopen the device rather than read past the mappings.
    return error == 0 && buffer.index >= maps_.size() ? EINVAL : error;
}

int V4l2Stream::queue(std::uint32_t index) {
    v4l2_buffer buffer = capture_buffer(index);
    return device_.ioctl(VIDIOC_QBUF, buffer);
}

std::span<const std::uint8_t> V4l2Stream::bytes(const v4l2_buffer& buffer) const {
    const Map& map = maps_[buffer.index];
    return {static_cast<const std::uint8_t*>(map.address), std::min<std::size_t>(buffer.bytesused, map.length)};
}

}  // namespace onetake
