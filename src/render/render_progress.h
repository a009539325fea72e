#pragma once

#include "base/clock.h"

#include <onetake/progress.h>

#include <algorithm>
#include <atomic>

namespace onetake {

/// Tells how far a rendering is, about twice a second. at() and done() belong to the rendering thread.
class RenderProgress {
 public:
    /// Says nothing until start() is called.
    explicit RenderProgress(ProgressCallback callback) : callback_(std::move(callback)) {}

    /// The whole is `length` long; from now on it is told. From any thread.
    void start(Duration length) { length_ = length.count(); }

    void at(MediaTime t, std::uint64_t frames) {
        furthest_ = std::max(furthest_, t);
        if (!callback_ || length_ < 0) return;
        const auto now = host_now();
        if (now - said_ < std::chrono::milliseconds(500)) return;
        said_ = now;
        say(frames);
    }
    void done(std::uint64_t frames) {
        if (!callback_ || length_ < 0) return;
        furthest_ = MediaTime(Duration(length_));
        say(frames);
    }

 private:
    void say(std::uint64_t frames) const {
        Progress p;
        p.elapsed_s = to_seconds(host_now() - began_);
        p.frames = frames;
        const double media = to_seconds(furthest_.time_since_epoch()), all = to_seconds(Duration(length_));
        p.render_fraction = all > 0 ? std::clamp(media / all, 0.0, 1.0) : 1;
        if (p.elapsed_s > 0) {
            p.fps = static_cast<double>(frames) / p.elapsed_s;
            p.render_speed = media / p.elapsed_s;
            if (p.render_speed > 0) p.render_eta_s = std::max(0.0, all - media) / p.render_speed;
        }
        callback_(p);
    }

    const ProgressCallback callback_;
    std::atomic<std::int64_t> length_{-1};  // ns; negative: not started
    const HostTime began_ = host_now();
    HostTime said_ = began_;
    MediaTime furthest_;
};

}  // namespace onetake
