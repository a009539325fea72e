#pragma once

#include "base/mutex.h"
#include "base/time.h"
#include "media/frame.h"
#include "mix/compositor.h"
#include "mix/frame_chooser.h"

#include <onetake/result.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace onetake {

struct RoomCompositeOptions {
    int width = 1280, height = 720;
    double fps = 30;  ///< of the images while several videos are active
    ColorInfo color;  ///< of the images
    bool wait_for_all =
        false;  ///< media come as fast as they are taken: push() waits, and no image does without a frame
    /// Receives each image, on a thread of its own. May block.
    std::function<void(Frame)> out;
};

/// Composes the videos of a room into one (FrameChooser, Compositor) on a thread of its own. Time is that of the media:
/// the latest stamp that came from any track. Calls from one thread.
class RoomComposite {
 public:
    explicit RoomComposite(RoomCompositeOptions options);
    RoomComposite(const RoomComposite&) = delete;
    RoomComposite& operator=(const RoomComposite&) = delete;
    /// Ends, without the images that are due.
    ~RoomComposite();

    /// A video takes part from `from` on. An id that is known begins anew.
    void add(int id, std::string name, bool screen, HostTime from);
    void end(int id, HostTime until);
    enum class Pushed { taken, full, refused };
    Pushed push(int id, HostTime stamp, PlanarImage image);
    /// Who is only heard from `from` on has a tile with the name, while no video of that name is shown. A known id
    /// begins anew. Ids are those of videos too.
    void hear(int id, std::string name, HostTime from);
    /// Who was only heard has left.
    void end_hearing(int id, HostTime until);
    /// Media of any track have reached `stamp`.
    void reach(HostTime stamp);
    /// Emits the images that are due up to the latest stamp, and ends.
    void finish();

    /// Frames of a video that were shown. After finish().
    std::uint64_t shown(int id) const;
    std::vector<std::string> notes() const;

 private:
    struct Video {
        std::string name;
        bool screen = false;
        const PlanarImage* last = nullptr;  // shown
        std::uint64_t shown = 0;
    };
    struct Listener {
        std::string name;
        HostTime from, until = HostTime::max();
    };
    void run();
    void add_listeners(HostTime time, std::vector<CompositeTile>& tiles) ONETAKE_REQUIRES(mutex_);
    std::optional<FrameChooser::Choice> next_choice() ONETAKE_REQUIRES(mutex_);
    void emit(const FrameChooser::Choice& choice);

    const RoomCompositeOptions options_;
    const std::shared_ptr<BufferPool> pool_;
    mutable Mutex mutex_;
    ConditionVariable changed_;
    std::optional<FrameChooser> chooser_ ONETAKE_GUARDED_BY(mutex_);  // from the first stamp on
    std::map<int, Video> videos_ ONETAKE_GUARDED_BY(mutex_);
    std::map<int, Listener> listeners_ ONETAKE_GUARDED_BY(mutex_);
    HostTime latest_ ONETAKE_GUARDED_BY(mutex_) = HostTime::min();
    HostTime last_end_ ONETAKE_GUARDED_BY(mutex_) = HostTime::min();  // of any video
    bool full_ ONETAKE_GUARDED_BY(mutex_) = false;                    // push() waits
    bool finishing_ ONETAKE_GUARDED_BY(mutex_) = false, abandoned_ ONETAKE_GUARDED_BY(mutex_) = false;
    Compositor compositor_;  // the thread's
    std::thread thread_;
};

}  // namespace onetake
