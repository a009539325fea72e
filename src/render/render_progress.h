#pragma once

#include "base/clock.h"

#include <onetake/progress.h>

#include <algorithm>
#include <atomic>

namespace onetake {

/// Reports the progress of a rendering, about twice a second. at() and done(): the rendering thread only.
class RenderProgress {
 public:
    /// Reports nothing until start() is called.
    explicit RenderProgress(ProgressCallback callback) : callback_(std::move(callback)) {}

    /// The take is `length` long; progress is reported from now on. From any thread.
    void start(Duration length) { length_ = length.count(); }

    /// The rendering begins again.
    void begin_again() { furthest_ = {}; }
    void at(MediaTime t, std::uint64_t frames) {
        furthest_ = std::max(furthest_, t);
        if (!callback_ || length_ < 0) return;
        const auto now = host_now();
        if (now - reported_ < std::chrono::milliseconds(500)) return;
        reported_ = now;
        report(frames);
    }
    void done(std::uint64_t frames) {
        if (!callback_ || length_ < 0) return;
        furthest_ = MediaTime(Duration(length_));
        report(frames);
    }

 private:
    void report(std::uint64_t frames) const {
        Progress p;
        p.elapsed_s = to_seconds(host_now() - began_);
        p.frames = frames;
        const double media = to_seconds(furthest_.time_since_epoch()), all = to_seconds(Duration(length_));
        p.phase = Progress::Phase::rendering;
        p.fraction = all > 0 ? std::clamp(media / all, 0.0, 1.0) : 1;
        if (p.elapsed_s > 0) {
            p.fps = static_cast<double>(frames) / p.elapsed_s;
            p.speed = media / p.elapsed_s;
            if (p.speed > 0) p.eta_s = std::max(0.0, all - media) / p.speed;
        }
        callback_(p);
    }

    const ProgressCallback callback_;
    std::atomic<std::int64_t> length_{-1};  // ns; negative: not started
    const HostTime began_ = host_now();
    HostTime reported_ = began_;
    MediaTime furthest_;
};

}  // namespace onetake
