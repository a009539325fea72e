#pragma once

#include "base/background_job.h"
#include "render/render_progress.h"
#include "render/renderer.h"

namespace onetake {

/// Renders a take while it is recorded, so that the file is ready soon after the take ends. Where it encodes video, at
/// low priority; where it copies, at the recorder's own, for the little that is left at the end must not wait on a busy
/// machine. Reads only stored data; the packets are those that render_take() makes later.
class FollowingRender {
 public:
    /// `copies`: all video is stored encoded, and copied.
    FollowingRender(RenderOptions options, bool copies);
    FollowingRender(const FollowingRender&) = delete;
    FollowingRender& operator=(const FollowingRender&) = delete;
    /// Cancels the rendering, leaving no file.
    ~FollowingRender() = default;

    void start();
    /// The take is complete, `length` long: the rest is rendered now.
    void take_is_complete(Duration length);
    /// Waits for the end of the rendering, after take_is_complete().
    Result<RenderReport> wait() { return job_.wait(); }

 private:
    using Job = BackgroundJob<RenderReport>;

    RenderOptions options_;
    RenderProgress progress_;
    Job job_;
};

}  // namespace onetake
