#include "record/room_composite.h"

#include "codec/frame_converter.h"

#include <algorithm>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kIdleImages = 8;
constexpr std::size_t kQueuedFrames = 32, kQueuedFramesOfFiles = 128;  // of each video
constexpr Duration kLongestWait = std::chrono::milliseconds(500);      // of push() for a video that gives nothing

Compositor::Options compositor_options(const RoomCompositeOptions& options) {
    Compositor::Options o;
    o.width = options.width;
    o.height = options.height;
    o.color = options.color;
    return o;
}

}  // namespace

RoomComposite::RoomComposite(RoomCompositeOptions options)
    : options_(std::move(options)),
      pool_(BufferPool::create(kIdleImages)),
      compositor_(compositor_options(options_), pool_),
      thread_([this] { run(); }) {}

RoomComposite::~RoomComposite() {
    {
        MutexLock lock(mutex_);
        abandoned_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void RoomComposite::add(int id, std::string name, bool screen, HostTime from) {
    MutexLock lock(mutex_);
    if (!chooser_) {
        FrameChooser::Options options;
        options.origin = from;
        options.fps = options_.fps;
        options.most_frames = options_.wait_for_all ? kQueuedFramesOfFiles : kQueuedFrames;
        chooser_.emplace(options);
    }
    auto& video = videos_[id];
    video.name = std::move(name);
    video.screen = screen;
    chooser_->add(id, from);
}

void RoomComposite::end(int id, HostTime until) {
    {
        MutexLock lock(mutex_);
        if (chooser_) chooser_->end(id, until);
        latest_ = std::max(latest_, until);
        last_end_ = std::max(last_end_, until);
    }
    changed_.notify_all();
}

void RoomComposite::hear(int id, std::string name, HostTime from) {
    MutexLock lock(mutex_);
    listeners_[id] = {std::move(name), from};
}

void RoomComposite::end_hearing(int id, HostTime until) {
    MutexLock lock(mutex_);
    if (const auto it = listeners_.find(id); it != listeners_.end()) it->second.until = until;
}

RoomComposite::Pushed RoomComposite::push(int id, HostTime stamp, PlanarImage image) {
    const auto shared = std::make_shared<const PlanarImage>(std::move(image));
    Pushed pushed = Pushed::refused;
    {
        MutexLock lock(mutex_);
        if (!chooser_) return pushed;
        auto result = chooser_->push(id, stamp, shared);
        const auto deadline = deadline_in(kLongestWait);
        while (result == FrameChooser::Pushed::full && options_.wait_for_all && !abandoned_) {
            if (full_) {
                changed_.wait(lock);
            } else if (!changed_.wait_until(lock, deadline)) {
                full_ = true;
                changed_.notify_all();
            }
            result = chooser_->push(id, stamp, shared);
        }
        full_ = false;
        pushed = result == FrameChooser::Pushed::taken  ? Pushed::taken
                 : result == FrameChooser::Pushed::full ? Pushed::full
                                                        : Pushed::refused;
        latest_ = std::max(latest_, stamp);
    }
    changed_.notify_all();
    return pushed;
}

void RoomComposite::reach(HostTime stamp) {
    {
        MutexLock lock(mutex_);
        if (stamp <= latest_) return;
        latest_ = stamp;
    }
    changed_.notify_all();
}

std::optional<FrameChooser::Choice> RoomComposite::next_choice() {
    if (!chooser_) return std::nullopt;
    // At the end every video has ended, and nothing is shown after it.
    if (finishing_) return chooser_->flush(last_end_);
    // Where a queue is full, a video that gives nothing is not awaited.
    return chooser_->next(options_.wait_for_all && !full_ ? HostTime::min() : latest_);
}

void RoomComposite::run() {
    MutexLock lock(mutex_);
    while (!abandoned_) {
        const auto choice = next_choice();
        if (!choice && finishing_) return;
        if (!choice) {
            changed_.wait(lock);
            continue;
        }
        lock.unlock();
        emit(*choice);
        changed_.notify_all();
        lock.lock();
    }
}

void RoomComposite::emit(const FrameChooser::Choice& choice) {
    std::vector<CompositeTile> tiles;
    {
        MutexLock lock(mutex_);
        for (const auto& [id, image] : choice.images) {
            auto& video = videos_[id];
            if (image && image.get() != std::exchange(video.last, image.get())) ++video.shown;
            tiles.push_back({id, video.name, video.screen, image});
        }
        add_listeners(choice.time, tiles);
    }
    std::ranges::sort(tiles, {}, &CompositeTile::id);  // in the order in which they joined
    auto frame = to_frame(compositor_.compose(tiles), *pool_);
    frame.stamp = {choice.time, choice.time, StampSource::pushed, {}};
    options_.out(std::move(frame));
}

void RoomComposite::add_listeners(HostTime time, std::vector<CompositeTile>& tiles) {
    for (const auto& [id, listener] : listeners_) {
        if (time < listener.from || time >= listener.until) continue;
        const auto is_shown = [&name = listener.name](const CompositeTile& tile) {
            return !tile.screen && tile.name == name;
        };
        if (std::ranges::none_of(tiles, is_shown)) tiles.push_back({id, listener.name, false, nullptr});
    }
}

void RoomComposite::finish() {
    {
        MutexLock lock(mutex_);
        finishing_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::uint64_t RoomComposite::shown(int id) const {
    MutexLock lock(mutex_);
    const auto it = videos_.find(id);
    return it == videos_.end() ? 0 : it->second.shown;
}

std::vector<std::string> RoomComposite::notes() const {
    if (const auto& note = compositor_.note()) return {*note};
    return {};
}

}  // namespace onetake
