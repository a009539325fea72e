#pragma once

#include "base/time.h"
#include "render/enhanced_audio_tap.h"
#include "render/following_render.h"
#include "render/live_enhancement.h"

#include <onetake/config.h>
#include <onetake/enhanced_audio.h>
#include <onetake/event.h>
#include <onetake/metrics.h>
#include <onetake/progress.h>
#include <onetake/recorder.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace onetake {

/// What a recorder tells the program while it makes the outputs of a take. Each may be empty.
struct OutputCallbacks {
    ProgressCallback progress;
    EnhancedAudioCallback enhanced_audio;
    std::function<void(EventKind, const std::string&)> note;
};

/// Whether a recorder enhances the audio of a take. `enhance`: see StartOptions.
bool wants_enhancement(const RecorderConfig& config, bool enhance);

/// Makes the outputs of one take, enhanced audio and a rendered file, while it is recorded or later. Whatever fails
/// is in the failures of the take's result, and a note. Thread-bound.
class TakeOutputs {
 public:
    /// `cancel`: ends all work; no file is left, and the take is unchanged. `config` must outlive this object. `audio`
    /// and `tags`: of the file.
    TakeOutputs(const RecorderConfig& config, std::string name, OutputCallbacks callbacks, std::stop_token cancel,
                AudioOutput audio = {}, TrackTags tags = {});

    /// Starts what is made while the take is recorded. `length` of the take, if it is known.
    void start_live(bool make_mp4, bool enhance, Duration length);
    /// Cancels what was started; leaves no file.
    void abandon_live();
    /// The take is complete, `length` long. `make_mp4`, `enhance`: whether the results are wanted.
    void take_is_complete(bool make_mp4, bool enhance, Duration length);
    /// Makes what is wanted, or waits for it, and fills in the result. After the take was closed.
    void finish(bool make_mp4, bool enhance, TakeResult& result);

    /// Makes the outputs of a stored take; `wishes.cancel` is not used. Errors: a model that can't be used, before
    /// anything is made; those of the rendering; cancelled.
    Status process(const ProcessOptions& wishes, TakeResult& result);

    /// The instant of time 0 of the file; empty before one was made.
    std::optional<HostTime> origin() const { return origin_; }
    /// Frames, samples and packets that the take's journal names and the file lacks.
    std::uint64_t missing() const { return missing_; }

 private:
    bool finish_enhancement(bool enhance, TakeResult& result);
    void finish_rendering(bool enhanced, TakeResult& result);
    bool take_enhancement(Result<EnhanceReport> report, TakeResult& result);
    void take_rendering(Result<RenderReport> report, TakeResult& result);
    void store_in_manifest(const Metrics& metrics, TakeResult& result);
    void store_in_manifest(TakeResult& result);
    void refuse_rendering(TakeResult& result);
    void add_failure(TakeResult& result, std::string text);
    /// Unless the result has it already.
    void note(TakeResult& result, EventKind kind, std::string text);
    EnhanceOptions enhance_options_of_take() const;
    RenderOptions render_options_of_take() const;
    Result<EnhanceReport> enhance_stored() const;

    const RecorderConfig& config_;
    const std::string name_, folder_;
    const OutputCallbacks callbacks_;
    const std::stop_token cancel_;
    const AudioOutput audio_;
    const TrackTags tags_;
    std::optional<HostTime> origin_;
    std::uint64_t missing_ = 0;
    // Null where not started.
    std::unique_ptr<LiveEnhancement> enhancement_;
    std::unique_ptr<EnhancedAudioTap> tap_;       // reads from the enhancement, so it is destroyed first
    std::unique_ptr<FollowingRender> rendering_;  // reads from the enhancement, so it is destroyed first
};

}  // namespace onetake
