#pragma once

#include "base/mutex.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace onetake {

class BufferPool;

/// Owns the bytes of one frame; move-only. Going away, it gives them back to where they came from: a pool, the heap, or
/// the program that handed them over.
class Buffer {
 public:
    Buffer() = default;
    /// Takes over a vector's bytes, no copy.
    explicit Buffer(std::vector<std::uint8_t> bytes)
        : bytes_(std::move(bytes)), data_(bytes_.data()), size_(bytes_.size()) {}
    /// Borrows bytes that stay valid and unchanged as long as `owner` lives.
    Buffer(const std::uint8_t* data, std::size_t size, std::shared_ptr<const void> owner)
        : data_(data), size_(size), owner_(std::move(owner)) {}
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer gone(std::move(other));
        swap(gone);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

    const std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::span<const std::uint8_t> span() const { return {data_, size_}; }
    /// Bytes to write into: only of a buffer that owns its bytes (null for a borrowed one).
    std::uint8_t* writable() { return owner_ ? nullptr : bytes_.data(); }
    /// Tells how much of a pooled or own buffer is in use; at most its capacity.
    void resize(std::size_t size);

 private:
    friend class BufferPool;
    void swap(Buffer& other) noexcept;

    std::vector<std::uint8_t> bytes_;
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
    std::shared_ptr<const void> owner_;
    std::shared_ptr<BufferPool> pool_;
};

/// Keeps the bytes of finished buffers for the next ones, so that a capture loop allocates only while it warms up.
/// Thread-safe. Holds at most `keep` idle buffers.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
    static std::shared_ptr<BufferPool> create(std::size_t keep);
    /// A buffer of `size` bytes, contents undefined.
    Buffer take(std::size_t size);

 private:
    friend class Buffer;
    explicit BufferPool(std::size_t keep) : keep_(keep) { idle_.reserve(keep); }
    void give_back(std::vector<std::uint8_t> bytes) noexcept;

    Mutex mutex_;
    std::vector<std::vector<std::uint8_t>> idle_ ONETAKE_GUARDED_BY(mutex_);
    const std::size_t keep_;
};

}  // namespace onetake
