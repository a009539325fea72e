#pragma once

#include "base/mutex.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace onetake {

class BufferPool;

/// Owns the bytes of one frame; move-only. When destroyed, it returns them to their origin: a pool, the heap, or the
/// program that lent them.
class Buffer {
 public:
    Buffer() = default;
    /// Takes over a vector's bytes, no copy.
    explicit Buffer(std::vector<std::uint8_t> bytes)
        : bytes_(std::move(bytes)), data_(bytes_.data()), size_(bytes_.size()) {}
    /// Borrows bytes that stay valid and unchanged as long as `owner` lives. `padding`: so many behind them may be
    /// read.
    Buffer(const std::uint8_t* data, std::size_t size, std::shared_ptr<const void> owner, std::size_t padding = 0)
        : data_(data), size_(size), padding_(padding), owner_(std::move(owner)) {}
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer moved(std::move(other));
        swap(moved);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

    const std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    /// How many bytes behind the last may be read; what they are is undefined.
    std::size_t padding() const { return padding_; }
    std::span<const std::uint8_t> span() const { return {data_, size_}; }
    /// Writable bytes, if the buffer owns them; null for borrowed ones.
    std::uint8_t* writable() { return owner_ ? nullptr : bytes_.data(); }
    /// Sets the size of a buffer that owns its bytes; no effect on borrowed ones.
    void resize(std::size_t size);

 private:
    friend class BufferPool;
    void swap(Buffer& other) noexcept;

    std::vector<std::uint8_t> bytes_;
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0, padding_ = 0;
    std::shared_ptr<const void> owner_;
    std::shared_ptr<BufferPool> pool_;
};

/// Recycles the memory of destroyed buffers, so that a capture loop soon stops allocating. Thread-safe. Keeps at most
/// `keep` idle buffers, and frees those that the last kReview to 2 * kReview calls of take() did not need, except for
/// kSpare: a delay of a few frames then neither allocates nor changes how much memory is in use.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
    static constexpr int kReview = 300;
    static constexpr std::size_t kSpare = 2;

    static std::shared_ptr<BufferPool> create(std::size_t keep);
    /// A buffer of `size` bytes, contents undefined.
    Buffer take(std::size_t size);
    /// How many buffers are idle.
    std::size_t idle() const {
        MutexLock lock(mutex_);
        return idle_.size();
    }

 private:
    friend class Buffer;
    explicit BufferPool(std::size_t keep) : keep_(keep) { idle_.reserve(keep); }
    void recycle(std::vector<std::uint8_t> bytes) noexcept;

    mutable Mutex mutex_;
    std::vector<std::vector<std::uint8_t>> idle_ ONETAKE_GUARDED_BY(mutex_);  // the last is the next to be used
    int takes_ ONETAKE_GUARDED_BY(mutex_) = 0;                                // since the last review
    std::size_t least_idle_ ONETAKE_GUARDED_BY(mutex_) = 0;                   // at any take() since then
    const std::size_t keep_;
};

}  // namespace onetake
