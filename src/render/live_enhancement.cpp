#include "render/live_enhancement.h"

#include <sys/resource.h>
#include <unistd.h>

namespace onetake {

LiveEnhancement::LiveEnhancement(EnhanceOptions options)
    : options_(std::move(options)), result_(fail(ErrorCode::internal, "The enhancement did not run.")) {
    options_.cancelled = [this, outer = std::move(options_.cancelled)] { return given_up_ || (outer && outer()); };
}

LiveEnhancement::~LiveEnhancement() {
    give_up();
    if (thread_.joinable()) thread_.join();
}

void LiveEnhancement::give_up() {
    given_up_ = true;
    take_is_complete();
}

void LiveEnhancement::start() {
    thread_ = std::thread([this] {
        constexpr int kLowPriority = 10;
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLowPriority);
        auto result = run();
        {
            std::lock_guard lock(mutex_);
            ended_ = true;
            result_ = std::move(result);
        }
        wake_.notify_all();
    });
}

Result<EnhanceReport> LiveEnhancement::run() {
    constexpr auto kLookAgain = std::chrono::milliseconds(50);
    auto track = EnhanceJob::open(options_);
    if (!track) return fail(std::move(track).error());
    publish(track->growing_path(), 0);
    bool told = false;
    for (;;) {
        if (options_.cancelled()) return fail(ErrorCode::cancelled, "Speech enhancement was cancelled.");
        // Asked before reading: what was complete then has its end in what is read now.
        bool complete = false;
        {
            std::lock_guard lock(mutex_);
            complete = complete_;
        }
        if (complete && !told) {
            told = true;
            was_behind_s_ = track->behind_s();
        }
        const auto more = track->advance();
        if (!more) return fail(more.error());
        publish(track->growing_path(), track->samples());
        if (*more) continue;
        if (complete) return track->finish();
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, kLookAgain, [&] { return complete_; });
    }
}

void LiveEnhancement::publish(const std::string& path, std::int64_t samples) {
    {
        std::lock_guard lock(mutex_);
        growing_path_ = path;
        samples_ = samples;
    }
    wake_.notify_all();
}

void LiveEnhancement::take_is_complete() {
    {
        std::lock_guard lock(mutex_);
        complete_ = true;
    }
    wake_.notify_all();
}

Result<EnhanceReport> LiveEnhancement::wait() {
    if (thread_.joinable()) thread_.join();
    return result_;
}

EnhancedAudioReader LiveEnhancement::sound() {
    return {[this] { return path(); }, [this](std::int64_t samples) { return wait_for(samples); }};
}

std::string LiveEnhancement::path() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return ended_ || !growing_path_.empty(); });
    if (ended_) return result_ ? result_->path : std::string();
    return growing_path_;
}

Status LiveEnhancement::wait_for(std::int64_t samples) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return ended_ || samples_ >= samples; });
    if (ended_ && !result_) return fail(result_.error());
    heard_ = true;
    return {};
}

}  // namespace onetake
