#include "record/room_composite.h"

#include "media/pixel_layout.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kIdleImages = 8;
constexpr std::size_t kQueuedFrames = 32, kQueuedFramesOfFiles = 128;  // of each video
constexpr Duration kLongestWait = std::chrono::milliseconds(500);  // of push() for a video that gives nothing

Compositor::Options compositor_options(const RoomCompositeOptions& options) {
    Compositor::Options o;
    o.width = options.width;
    o.height = options.height;
    o.color = options.color;
    return o;
}

// The image as a raw frame without padding.
Frame frame_of_image(const PlanarImage& image, HostTime time, BufferPool& pool) {
    Frame frame;
    frame.format = PixelFormat::i420;
    frame.width = image.width;
    frame.height = image.height;
    frame.stride = tight_stride(frame.format, image.width);
    frame.color = image.color;
    frame.stamp = {time, time, StampSource::pushed, {}};
    auto bytes = pool.take(frame_bytes(frame.format, frame.stride, frame.height));
    auto* to = bytes.writable();
    for (int i = 0; i < image.planes(); ++i) {
        const auto columns = static_cast<std::size_t>(plane_stride(frame.format, i, frame.stride));
        const int rows = plane_rows(frame.format, i, frame.height);
        for (int y = 0; y < rows; ++y, to += columns)
            std::memcpy(to, image.plane(i) + static_cast<std::ptrdiff_t>(y) * image.stride[static_cast<std::size_t>(i)],
                        columns);
    }
    frame.bytes = std::move(bytes);
    return frame;
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
    }
    changed_.notify_all();
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
    if (finishing_) return chooser_->flush(latest_ + Duration(1));
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
    }
    options_.out(frame_of_image(compositor_.compose(tiles), choice.time, *pool_));
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
