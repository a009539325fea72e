#pragma once

#include "base/mutex.h"
#include "input/media_input.h"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <vector>

namespace onetake {

/// Keeps what a source delivers.
template <class Receiver, class Media>
class Collected : public Receiver {
 public:
    Delivery deliver(Media media) override {
        MutexLock lock(mutex_);
        media_.push_back(std::move(media));
        changed_.notify_all();
        return Delivery::accepted;
    }
    void report(SourceEvent event) override {
        MutexLock lock(mutex_);
        events_.push_back(std::move(event));
        changed_.notify_all();
    }

    /// Waits until `done(media, events)`; false if that takes longer than any test may.
    template <class Done>
    bool wait_for(Done done) {
        MutexLock lock(mutex_);
        const auto deadline = deadline_in(std::chrono::seconds(60));
        while (!done(media_, events_))
            if (!changed_.wait_until(lock, deadline)) return done(media_, events_);
        return true;
    }
    bool wait_for_media(std::size_t count) {
        return wait_for([&](const auto& media, const auto&) { return media.size() >= count; });
    }
    bool wait_for_event(SourceEvent::Kind kind) {
        return wait_for([&](const auto&, const auto& events) {
            return std::ranges::any_of(events, [&](const SourceEvent& e) { return e.kind == kind; });
        });
    }
    bool wait_for_end() { return wait_for_event(SourceEvent::Kind::ended); }

    /// Only once the source was stopped or has ended.
    std::vector<Media>& media() { return media_; }
    std::vector<SourceEvent>& events() { return events_; }
    std::string texts() {
        std::string all;
        for (const auto& e : events_) all += e.text + "\n";
        return all;
    }
    std::uint64_t count(SourceEvent::Kind kind) {
        std::uint64_t sum = 0;
        for (const auto& e : events_) sum += e.kind == kind ? e.count : 0;
        return sum;
    }

 private:
    Mutex mutex_;
    ConditionVariable changed_;
    std::vector<Media> media_;
    std::vector<SourceEvent> events_;
};

class CollectedVideo : public Collected<VideoReceiver, Frame> {
 public:
    Buffer buffer(std::size_t bytes) override { return Buffer(std::vector<std::uint8_t>(bytes)); }
};
using CollectedAudio = Collected<AudioReceiver, AudioBlock>;

/// Starts what there is of an input.
inline void start(MediaInput& input, CollectedVideo& video, CollectedAudio& audio) {
    EXPECT_TRUE(!input.video || input.video->start(video));
    EXPECT_TRUE(!input.audio || input.audio->start(audio));
}
inline void stop(MediaInput& input) {
    if (input.video) input.video->stop();
    if (input.audio) input.audio->stop();
}

}  // namespace onetake
