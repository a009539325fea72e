#pragma once

#include "render/enhanced_audio_tap.h"
#include "render/following_render.h"
#include "render/live_enhancement.h"

#include <memory>

namespace onetake {

/// What is made of a take while it is recorded. Each is there only where it was started.
struct LiveOutputs {
    std::unique_ptr<LiveEnhancement> enhancement;
    std::unique_ptr<EnhancedAudioTap> tap;       // reads what `enhancement` makes, so it is destroyed before it
    std::unique_ptr<FollowingRender> rendering;  // reads what `enhancement` makes, so it is destroyed before it

    /// Ends all of it; no file is left.
    void abandon() {
        if (enhancement) enhancement->abandon();
        rendering.reset();
        tap.reset();
        enhancement.reset();
    }
    /// The take is written to its end, `length` long. `render`, `enhance`: whether the results are wanted.
    void take_is_complete(bool render, bool enhance, Duration length) {
        if (enhancement) enhance ? enhancement->take_is_complete() : enhancement->abandon();
        if (rendering && render) rendering->take_is_complete(length);
    }
};

}  // namespace onetake
