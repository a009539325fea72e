#pragma once

#include "base/background_job.h"
#include "render/enhance_job.h"
#include "render/enhanced_audio_reader.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace onetake {

/// Enhances the audio of a take while it is recorded, at low priority, so that it is done soon after the take ends.
/// Reads only stored data, so it doesn't delay the recording; it may fall behind.
class LiveEnhancement {
 public:
    explicit LiveEnhancement(EnhanceOptions options);
    LiveEnhancement(const LiveEnhancement&) = delete;
    LiveEnhancement& operator=(const LiveEnhancement&) = delete;
    /// Cancels the enhancement, leaving no file.
    ~LiveEnhancement() = default;

    void start();
    /// The take is complete: the rest is enhanced now.
    void take_is_complete() { job_.complete(); }
    /// The result is not wanted: wait() and readers that wait for audio get an error soon.
    void abandon() { job_.abandon(); }
    /// Waits for the end, after take_is_complete() or abandon().
    Result<EnhanceReport> wait() { return job_.wait(); }
    /// For readers that follow the same take. Valid as long as this object. Any thread.
    EnhancedAudioReader audio();
    /// Whether a reader has read any of the audio. Any thread.
    bool was_read() const { return read_; }
    /// How much audio was waiting when the take was complete, in seconds. After wait().
    double was_behind_s() const { return was_behind_s_; }

 private:
    Result<EnhanceReport> run();
    std::string path();
    Status wait_for(std::int64_t samples);

    EnhanceOptions options_;
    std::atomic<bool> read_{false};
    double was_behind_s_ = 0;   // the job's thread's until it has ended
    std::string growing_path_;  // guarded by the job's lock, as the next
    std::int64_t samples_ = 0;
    BackgroundJob<EnhanceReport> job_;
};

}  // namespace onetake
