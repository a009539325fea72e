#include "render/live_enhancement.h"

#include <filesystem>
#include <utility>

namespace onetake {

LiveEnhancement::LiveEnhancement(EnhanceOptions options) : options_(std::move(options)) {
    job_.abandon_on(std::exchange(options_.cancel, job_.stop_token()));
}

void LiveEnhancement::start() {
    job_.start([this] { return run(); });
}

Result<EnhanceReport> LiveEnhancement::run() {
    constexpr auto kLookAgain = std::chrono::milliseconds(50);
    auto track = EnhanceJob::open(options_);
    if (!track) return fail(std::move(track).error());
    job_.update([&] { growing_path_ = track->growing_path(); });
    bool end_seen = false;
    for (;;) {
        if (options_.cancel.stop_requested()) return fail(ErrorCode::cancelled, "Speech enhancement was cancelled.");
        // Queried before reading: if the take was complete then, what is read now includes its end.
        const bool complete = job_.is_complete();
        if (complete && !std::exchange(end_seen, true)) was_behind_s_ = track->behind_s();
        const auto more = track->advance();
        if (!more) return fail(more.error());
        job_.update([&] { samples_ = track->samples(); });
        if (*more) continue;
        if (complete) return track->finish();
        job_.wait_for_more(kLookAgain);
    }
}

EnhancedAudioReader LiveEnhancement::audio() {
    return {[this] { return path(); }, [this](std::int64_t samples) { return wait_for(samples); },
            std::filesystem::path(options_.model).filename().string()};
}

std::string LiveEnhancement::path() {
    return job_.wait_until([&] { return !growing_path_.empty(); },
                           [&](const Result<EnhanceReport>* ended) {
                               if (!ended) return growing_path_;
                               return *ended ? (*ended)->path : std::string();
                           });
}

Status LiveEnhancement::wait_for(std::int64_t samples) {
    auto status = job_.wait_until([&] { return samples_ >= samples; },
                                  [](const Result<EnhanceReport>* ended) -> Status {
                                      if (ended && !*ended) return fail(ended->error());
                                      return {};
                                  });
    if (status) read_ = true;
    return status;
}

}  // namespace onetake
