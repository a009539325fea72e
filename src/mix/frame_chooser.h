#pragma once

#include "base/time.h"
#include "codec/planar_image.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace onetake {

/// Decides at which instants images of several videos meet in one, and which frame of each video is shown there.
///
/// With exactly one active video every frame of it is a tick, at exactly its own stamp. With several, ticks lie on the
/// grid origin + k / fps; each video shows the frame whose stamp is nearest, of two equally near the earlier, so that
/// it is off by at most half its own interval, to either side alike. A frame later than the tick counts only if it is
/// at most `wait` later. A tick is due once each active video has a frame later than it, or at tick + wait. A video is
/// active from its first frame to its end; one whose frames stop shows its last.
///
/// A value without threads or clocks: whoever calls it passes the time. Thread-bound.
class FrameChooser {
 public:
    using Id = int;

    static constexpr std::size_t kFewFrames = 32;
    struct Options {
        HostTime origin;                                 ///< where the grid begins
        double fps = 30;                                 ///< of the grid
        Duration wait = std::chrono::milliseconds(200);  ///< how long a tick waits for later frames
        Duration idle = std::chrono::seconds(1);         ///< between ticks while no video is active
        std::size_t most_frames = 64;                    ///< that wait in each video's queue
        std::size_t most_bytes = 16 << 20;               ///< of those frames, but as many as kFewFrames always fit
    };
    struct Choice {
        HostTime time;
        /// Of each video that is shown, in the order of add(); null where it has no frame yet.
        std::vector<std::pair<Id, std::shared_ptr<const PlanarImage>>> images;
    };

    explicit FrameChooser(const Options& options) : options_(options) {}

    /// A video takes part from `from` on. Until its first frame arrives each tick waits for it, but not longer than
    /// `wait`. An id that is known begins anew.
    void add(Id id, HostTime from);
    /// No frame of the video follows; it is shown until `until`.
    void end(Id id, HostTime until);
    enum class Pushed { taken, full, refused };
    /// Queues a frame. full: call next() first, or leave the frame out; refused: the stamp is not later than the one
    /// before, or earlier than the video's `from`, or the video is unknown or has ended.
    Pushed push(Id id, HostTime stamp, std::shared_ptr<const PlanarImage> image);

    /// The next tick if it is due. `now` = HostTime::min(): ticks never time out, as for files read in their own time.
    /// (Ticks while no video is active come by `now` only.)
    std::optional<Choice> next(HostTime now);
    /// When next() will return something even if no frame arrives; empty if never.
    std::optional<HostTime> due_by() const;
    /// At the end: the next tick before `until`, with what there is.
    std::optional<Choice> flush(HostTime until);

 private:
    struct Queued {
        HostTime stamp;
        std::shared_ptr<const PlanarImage> image;
    };
    struct Video {
        Id id;
        HostTime from;
        HostTime until = HostTime::max();
        std::optional<HostTime> first, newest;  // stamps
        std::deque<Queued> frames;              // the newest that is not later than the last tick, and all after it

        std::size_t bytes() const;
        bool ended() const { return until != HostTime::max(); }
        bool shown(HostTime t) const { return from <= t && t < until; }
        bool active(HostTime t) const { return first && *first <= t && t < until; }
    };
    struct Tick {
        HostTime time;
        bool ready;  // no frame that may still come would change it
    };

    Video* find(Id id);
    std::optional<Tick> candidate() const;
    HostTime grid_from(HostTime t) const;
    std::optional<HostTime> next_stamp() const;
    int active_at(HostTime t) const;
    bool ready_on_grid(HostTime t) const;
    bool awaits_first(HostTime t) const;
    std::shared_ptr<const PlanarImage> nearest(const Video& video, HostTime t) const;
    Choice take(HostTime t);
    Duration half_interval() const;

    Options options_;
    std::vector<Video> videos_;     // in the order of add()
    std::optional<HostTime> last_;  // tick
};

}  // namespace onetake
