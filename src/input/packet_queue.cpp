#include "input/packet_queue.h"

#include <utility>

namespace onetake {

namespace {

std::size_t bytes_of(const InputItem& item) {
    const auto* media = std::get_if<InputMedia>(&item);
    return media != nullptr ? media->packet.packet.bytes.size() : 0;
}

}  // namespace

bool PacketQueue::put(InputItem&& item, bool wait) {
    {
        MutexLock lock(mutex_);
        if (std::holds_alternative<InputMedia>(item))
            while (!closed_ && full()) {
                if (!wait) return false;
                changed_.wait(lock);
            }
        if (closed_) return false;
        bytes_ += bytes_of(item);
        items_.push_back(std::move(item));
    }
    changed_.notify_all();
    return true;
}

std::optional<InputItem> PacketQueue::take(Duration timeout) {
    std::optional<InputItem> item;
    {
        MutexLock lock(mutex_);
        const auto deadline = deadline_in(timeout);
        while (!closed_ && items_.empty() && changed_.wait_until(lock, deadline)) {
        }
        if (closed_ || items_.empty()) return std::nullopt;
        item = std::move(items_.front());
        items_.pop_front();
        bytes_ -= bytes_of(*item);
    }
    changed_.notify_all();
    return item;
}

bool PacketQueue::closed_within(Duration timeout) {
    MutexLock lock(mutex_);
    const auto deadline = deadline_in(timeout);
    while (!closed_ && changed_.wait_until(lock, deadline)) {
    }
    return closed_;
}

void PacketQueue::close() {
    {
        MutexLock lock(mutex_);
        closed_ = true;
        items_.clear();
        bytes_ = 0;
    }
    changed_.notify_all();
}

}  // namespace onetake
