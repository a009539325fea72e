#pragma once

#include "v4l2/v4l2_device.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace onetake {

/// A device with its mapped buffers. Thread-bound, except that it may be created on one thread and then used on
/// another.
class V4l2Stream {
 public:
    /// Requests `buffers` buffers; the driver may grant another number.
    static Result<std::unique_ptr<V4l2Stream>> create(V4l2Device device, int buffers);
    V4l2Stream(const V4l2Stream&) = delete;
    V4l2Stream& operator=(const V4l2Stream&) = delete;
    /// Stops, unmaps and closes.
    ~V4l2Stream();

    const V4l2Device& device() const { return device_; }
    /// Buffers granted.
    int buffers() const { return static_cast<int>(maps_.size()); }

    /// Queues all buffers and starts streaming.
    Status on();
    /// Stops streaming; on() may follow.
    void off();
    /// Dequeues the oldest filled buffer: 0, EAGAIN if there is none, or another errno.
    int dequeue(v4l2_buffer& buffer);
    /// Queues a buffer again: 0 or an errno.
    int queue(std::uint32_t index);
    /// The contents of a dequeued buffer, never more than is mapped; valid until it is queued again.
    std::span<const std::uint8_t> bytes(const v4l2_buffer& buffer) const;

 private:
    struct Map {
        void* address = nullptr;
        std::size_t length = 0;
    };
    explicit V4l2Stream(V4l2Device device) : device_(std::move(device)) {}
    Status map_buffers(std::uint32_t count);

    V4l2Device device_;
    std::vector<Map> maps_;
    bool on_ = false;
};

}  // namespace onetake
