#pragma once

#include "media/source.h"
#include "portaudio/audio_system.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// Scripted microphones. Thread-safe.
class FakeAudioSystem final : public AudioSystem {
 public:
    explicit FakeAudioSystem(std::vector<AudioDeviceInfo> devices) : devices_(std::move(devices)) {}

    Result<std::vector<AudioDeviceInfo>> devices() override {
        std::lock_guard lock(mutex_);
        return devices_;
    }
    Result<bool> refresh() override { return true; }
    Result<std::unique_ptr<InputStream>> open(const AudioDeviceInfo& device, const StreamFormat& format,
                                              std::shared_ptr<SampleFeed> feed) override {
        std::lock_guard lock(mutex_);
        requested_.push_back(format);
        if (std::find(refused_.begin(), refused_.end(), std::pair(format.sample_rate, format.channels)) !=
            refused_.end())
            return fail(ErrorCode::unsupported, "refused by " + device.name);
        feed_ = std::move(feed);
        active_ = true;
        ++opened_;
        changed_.notify_all();
        return std::make_unique<Stream>(*this, format.sample_rate);
    }

    void set_devices(std::vector<AudioDeviceInfo> devices) {
        std::lock_guard lock(mutex_);
        devices_ = std::move(devices);
    }
    void refuse(int sample_rate, int channels) {
        std::lock_guard lock(mutex_);
        refused_.emplace_back(sample_rate, channels);
    }
    /// Ends the open stream, as the device would.
    void end_stream() {
        std::lock_guard lock(mutex_);
        active_ = false;
    }
    /// Makes closing hang until set to false.
    void hang(bool hangs) {
        std::lock_guard lock(mutex_);
        hangs_ = hangs;
        changed_.notify_all();
    }
    /// Waits until `count` streams have been opened in total.
    void wait_for_open(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return opened_ >= count; });
    }
    std::shared_ptr<SampleFeed> feed() {
        std::lock_guard lock(mutex_);
        return feed_;
    }
    std::vector<StreamFormat> requested() {
        std::lock_guard lock(mutex_);
        return requested_;
    }

 private:
    class Stream final : public InputStream {
     public:
        Stream(FakeAudioSystem& system, double rate) : system_(system), rate_(rate) {}
        Stream(const Stream&) = delete;
        Stream& operator=(const Stream&) = delete;
        ~Stream() override {
            std::unique_lock lock(system_.mutex_);
            system_.changed_.wait(lock, [&] { return !system_.hangs_; });
        }
        Status start() override { return {}; }
        bool active() const override {
            std::lock_guard lock(system_.mutex_);
            return system_.active_;
        }
        double sample_rate() const override { return rate_; }
        double latency_s() const override { return 0.1; }

     private:
        FakeAudioSystem& system_;
        const double rate_;
    };

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<AudioDeviceInfo> devices_;
    std::vector<std::pair<int, int>> refused_;
    std::vector<StreamFormat> requested_;
    std::shared_ptr<SampleFeed> feed_;
    bool active_ = true, hangs_ = false;
    int opened_ = 0;
};

/// Records what a microphone delivers and reports. Thread-safe.
class RecordingReceiver final : public AudioReceiver {
 public:
    Delivery deliver(AudioBlock block) override {
        std::lock_guard lock(mutex_);
        blocks_.push_back(std::move(block));
        changed_.notify_all();
        return Delivery::accepted;
    }
    void report(SourceEvent event) override {
        std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
        changed_.notify_all();
    }
    /// Waits for an event of this kind and returns it.
    SourceEvent wait_for(SourceEvent::Kind kind) {
        std::unique_lock lock(mutex_);
        auto found = events_.end();
        changed_.wait(lock, [&] {
            found = std::find_if(events_.begin(), events_.end(), [&](const auto& e) { return e.kind == kind; });
            return found != events_.end();
        });
        return *found;
    }
    bool has(SourceEvent::Kind kind) {
        std::lock_guard lock(mutex_);
        return std::any_of(events_.begin(), events_.end(), [&](const auto& e) { return e.kind == kind; });
    }
    void wait_for_blocks(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return blocks_.size() >= count; });
    }
    std::vector<AudioBlock> blocks() {
        std::lock_guard lock(mutex_);
        return blocks_;
    }
    std::vector<SourceEvent> events() {
        std::lock_guard lock(mutex_);
        return events_;
    }
    std::vector<SourceEvent::Kind> kinds() {
        std::lock_guard lock(mutex_);
        std::vector<SourceEvent::Kind> kinds;
        for (const auto& event : events_) kinds.push_back(event.kind);
        return kinds;
    }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<AudioBlock> blocks_;
    std::vector<SourceEvent> events_;
};

}  // namespace onetake
