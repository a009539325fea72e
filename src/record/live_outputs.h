#pragma once

#include "render/enhanced_audio_tap.h"
#include "render/following_render.h"
#include "render/live_enhancement.h"

#include <memory>

namespace onetake {

/// Outputs made while a take is recorded. Null where not started.
struct LiveOutputs {
    std::unique_ptr<LiveEnhancement> enhancement;
    std::unique_ptr<EnhancedAudioTap> tap;       // reads from `enhancement`, so it is destroyed first
    std::unique_ptr<FollowingRender> rendering;  // reads from `enhancement`, so it is destroyed first

    /// Cancels all; leaves no file.
    void abandon() {
        if (enhancement) enhancement->abandon();
        rendering.reset();
        tap.reset();
        enhancement.reset();
    }
    /// The take is complete, `length` long. `render`, `enhance`: whether the results are wanted.
    void take_is_complete(bool render, bool enhance, Duration length) {
        if (enhancement) enhance ? enhancement->take_is_complete() : enhancement->abandon();
        if (rendering && render) rendering->take_is_complete(length);
    }
};

}  // namespace onetake
