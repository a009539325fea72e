#pragma once

#include "render/enhanced_audio_reader.h"
#include "render/enhance_job.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace onetake {

/// Enhances the sound of a take while it is recorded, at low priority, so that it is done a moment after the take ends.
/// Reads only what the take holds, so it can't disturb the recording; it may fall behind.
class LiveEnhancement {
 public:
    explicit LiveEnhancement(EnhanceOptions options);
    LiveEnhancement(const LiveEnhancement&) = delete;
    LiveEnhancement& operator=(const LiveEnhancement&) = delete;
    /// Gives up, leaving no file.
    ~LiveEnhancement();

    void start();
    /// The take is written to its end: the rest is enhanced now.
    void take_is_complete();
    /// Gives up: who waits for sound is told so at once, and wait() gives an error.
    void give_up();
    /// Waits for the end, after take_is_complete(). Once.
    Result<EnhanceReport> wait();
    /// What those read who follow the same take. Stays valid as long as this. Any thread.
    EnhancedAudioReader sound();
    /// Whether anybody took any of the sound. Any thread.
    bool was_heard() const { return heard_; }
    /// How much sound was waiting when the take was complete, in seconds. After wait().
    double was_behind_s() const { return was_behind_s_; }

 private:
    Result<EnhanceReport> run();
    void publish(const std::string& path, std::int64_t samples);
    std::string path();
    Status wait_for(std::int64_t samples);

    EnhanceOptions options_;
    std::atomic<bool> given_up_{false};
    std::atomic<bool> heard_{false};
    double was_behind_s_ = 0;
    std::mutex mutex_;  // guards the next five
    std::condition_variable wake_;
    bool complete_ = false;
    std::string growing_path_;
    std::int64_t samples_ = 0;
    bool ended_ = false;
    Result<EnhanceReport> result_;
    std::thread thread_;
};

}  // namespace onetake
