#include "render/following_render.h"

#include <utility>

namespace onetake {

namespace {

constexpr Duration kLookAgain = std::chrono::milliseconds(20);

}  // namespace

FollowingRender::FollowingRender(RenderOptions options)
    : options_(std::move(options)), progress_(options_.on_progress) {
    options_.cancelled = [this, outer = std::move(options_.cancelled)] {
        return job_.is_abandoned() || (outer && outer());
    };
}

void FollowingRender::start() {
    job_.start(
        [this] { return render_growing_take(options_, progress_, [this] { return job_.wait_for_more(kLookAgain); }); });
}

void FollowingRender::take_is_complete(Duration length) {
    progress_.start(length);
    job_.complete();
}

}  // namespace onetake
