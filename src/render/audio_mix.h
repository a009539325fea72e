#pragma once

#include "codec/variable_rate_resampler.h"
#include "media/timed_audio.h"
#include "mix/audio_mixer.h"
#include "take/take_files.h"

#include <onetake/result.h>

#include <functional>
#include <map>
#include <span>
#include <vector>

namespace onetake {

/// Mixes the audio of several tracks of a take, each on its own clock, into one on the file's timeline. Each is
/// resampled to the times of its runs. Thread-bound.
class AudioMix {
 public:
    /// Rate in Hz and channels of the mix: 1, 2 or 6.
    AudioMix(int sample_rate, int channels);

    /// A track that takes part, its rate and channels as recorded. Errors: VariableRateResampler::create()'s.
    Status add(TrackId track, int sample_rate, int channels);
    /// Media of a track that was added. Errors: VariableRateResampler::write()'s.
    Status write(TrackId track, const TimedAudio& run);
    /// The track has left; it may come again.
    Status pause(TrackId track);
    /// No track has anything before `time` that it has not given yet.
    void advance(MediaTime time);

    using Sink = std::function<Status(std::vector<float> samples)>;
    /// Emits what no track can change any more, interleaved, in pieces of bounded size.
    Status take(const Sink& sink);
    /// Emits the rest. Last.
    Status finish(const Sink& sink);

    /// Samples per channel that came too late for the mix.
    std::int64_t late() const { return mixer_.late(); }

 private:
    struct Input {
        VariableRateResampler resampler;
        AudioMixer::Track track = 0;
        int channels = 1;
    };
    /// Writes resampled audio; `silent`: pieces without any sound are passed over.
    SampleSink writer(Input& input, std::int64_t& at, bool silent);

    const int sample_rate_;
    AudioMixer mixer_;
    std::map<int, Input> inputs_;  // by number of the audio track
    std::int64_t latest_ = 0;      // position that any track has reached
};

}  // namespace onetake
