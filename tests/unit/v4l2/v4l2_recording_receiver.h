#pragma once

#include "media/source.h"

#include <fmt/format.h>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// Records what a source delivers, one line each, so that a test can compare the complete sequence. Thread-safe.
class V4l2RecordingReceiver final : public VideoReceiver {
 public:
    Buffer buffer(std::size_t bytes) override { return pool_->take(bytes); }

    Delivery deliver(Frame frame) override {
        std::lock_guard lock(mutex_);
        lines_.push_back(fmt::format("frame {}", *frame.stamp.driver_sequence));
        frames_.push_back(std::move(frame));
        return Delivery::accepted;
    }

    void report(SourceEvent event) override {
        std::lock_guard lock(mutex_);
        static constexpr const char* kKinds[] = {"drop", "corrupt", "stall", "resumed", "lost", "note"};
        std::string line = kKinds[static_cast<int>(event.kind)];
        if (event.count > 0) line += fmt::format(" {}", event.count);
        lines_.push_back(std::move(line));
        events_.push_back(std::move(event));
    }

    std::vector<std::string> lines() const {
        std::lock_guard lock(mutex_);
        return lines_;
    }
    /// Valid only after the source is stopped.
    const std::vector<Frame>& frames() const { return frames_; }
    const std::vector<SourceEvent>& events() const { return events_; }
    std::string text_of(SourceEvent::Kind kind) const {
        for (const SourceEvent& event : events_)
            if (event.kind == kind) return event.text;
        return {};
    }

 private:
    std::shared_ptr<BufferPool> pool_ = BufferPool::create(4);
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    std::vector<Frame> frames_;
    std::vector<SourceEvent> events_;
};

}  // namespace onetake
