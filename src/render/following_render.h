#pragma once

#include "base/background_job.h"
#include "render/render_progress.h"
#include "render/renderer.h"

namespace onetake {

/// Renders a take while it is recorded, at low priority, so that the file is ready soon after the take ends. Reads only
/// stored data; the packets are those that render_take() makes later.
class FollowingRender {
 public:
    explicit FollowingRender(RenderOptions options);
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
    RenderOptions options_;
    RenderProgress progress_;
    BackgroundJob<RenderReport> job_;
};

}  // namespace onetake
