#pragma once

#include "base/error.h"
#include "base/time.h"
#include "media/timed_audio.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

/// Recorded audio for a file whose video comes from elsewhere: the first audio track of a take, on the timeline of the
/// audio clock model, or a WAV at its label rate. Media time 0 is its first sample. Thread-bound.
class AudioInput {
 public:
    /// `path`: a take's folder, its WAV, or another 16-bit PCM WAV. Errors: those of the file; not_found for a take
    /// without audio; wrong_state for one that is being recorded.
    static Result<std::unique_ptr<AudioInput>> open(const std::string& path);
    AudioInput(const AudioInput&) = delete;
    AudioInput& operator=(const AudioInput&) = delete;
    virtual ~AudioInput() = default;

    /// The next run of samples; empty at the end.
    virtual Result<std::optional<TimedAudio>> next() = 0;
    /// Samples per channel that the journal names and the disk lacks. After the last run.
    virtual std::uint64_t lost() const { return 0; }
    /// A line each. After the last run.
    virtual std::vector<std::string> notes() { return {}; }
    /// Deletes the WAV, or the take with its WAV's second name. Errors: those of the disk; refused for a take that has
    /// other tracks, too, which are named.
    virtual Status remove() = 0;

    const std::string& wav_path() const { return wav_path_; }
    int sample_rate() const { return sample_rate_; }
    int channels() const { return channels_; }
    /// From the first sample to the end of the last.
    Duration length() const { return length_; }
    /// The instant of the first sample by the clock model; empty for a WAV.
    std::optional<HostTime> begin() const { return begin_; }
    /// How much later that is than the stamp of the first block, which start() and `onetake sidecar` report.
    Duration stamp_error() const { return stamp_error_; }

 protected:
    AudioInput() = default;

    std::string wav_path_;
    int sample_rate_ = 0, channels_ = 0;
    Duration length_{}, stamp_error_{};
    std::optional<HostTime> begin_;
};

}  // namespace onetake
