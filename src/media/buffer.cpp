#include "media/buffer.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace onetake {

Buffer::~Buffer() {
    if (pool_) pool_->recycle(std::move(bytes_));
}

void Buffer::swap(Buffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(padding_, other.padding_);
    std::swap(owner_, other.owner_);
    std::swap(pool_, other.pool_);
}

void Buffer::resize(std::size_t size) {
    if (owner_) return;
    if (size > bytes_.size()) bytes_.resize(size);
    data_ = bytes_.data();
    size_ = size;
}

std::shared_ptr<BufferPool> BufferPool::create(std::size_t keep) {
    return std::shared_ptr<BufferPool>(new BufferPool(keep));
}

Buffer BufferPool::take(std::size_t size) {
    Buffer buffer;
    std::vector<std::vector<std::uint8_t>> unused;  // freed without the lock
    {
        MutexLock lock(mutex_);
        if (!idle_.empty()) {
            buffer.bytes_ = std::move(idle_.back());
            idle_.pop_back();
        }
        least_idle_ = std::min(least_idle_, idle_.size());
        if (++takes_ == kReview) {
            const auto not_needed = least_idle_ - std::min(least_idle_, kSpare);
            const auto end = idle_.begin() + static_cast<std::ptrdiff_t>(not_needed);
            unused.assign(std::move_iterator(idle_.begin()), std::move_iterator(end));
            idle_.erase(idle_.begin(), end);
            takes_ = 0;
            least_idle_ = idle_.size();
        }
    }
    buffer.resize(size);
    buffer.pool_ = shared_from_this();
    return buffer;
}

void BufferPool::recycle(std::vector<std::uint8_t> bytes) noexcept {
    MutexLock lock(mutex_);
    if (idle_.size() < keep_) idle_.push_back(std::move(bytes));
}

}  // namespace onetake
