#include "render/following_render.h"

#include <utility>

namespace onetake {

namespace {

constexpr Duration kLookAgain = std::chrono::milliseconds(20);

}  // namespace

FollowingRender::FollowingRender(RenderOptions options, bool copies)
    : options_(std::move(options)),
      progress_(options_.on_progress),
      job_(copies ? Job::Priority::normal : Job::Priority::low) {
    job_.abandon_on(std::exchange(options_.cancel, job_.stop_token()));
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
