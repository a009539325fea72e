#include "base/clock.h"
#include "base/log.h"
#include "inspect/stored_take.h"
#include "record/callback_guard.h"
#include "record/finish_take.h"
#include "record/recorder_impl.h"
#include "record/try_outputs.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace onetake {

Status AVRecorder::Impl::check_state(std::string_view call) const {
    if (in_callback)
        return fail(ErrorCode::wrong_state,
                    fmt::format("{} in a callback: it would wait for the callback to return.", call));
    if (closed_) return fail(ErrorCode::wrong_state, fmt::format("{} after close().", call));
    return {};
}

Status AVRecorder::Impl::start(const StartOptions& options, Duration length) {
    ONETAKE_TRY(check_state("start()"));
    if (recording()) return fail(ErrorCode::wrong_state, "start() while a take is being recorded. Call stop() first.");
    const auto* extension = extension_of(config_.encode.container);
    auto names =
        TakeNames::create(options.name, config_.data_dir, options.make_mp4 ? config_.processed_dir : "", extension);
    if (!names) return fail(std::move(names).error());
    auto notes = try_outputs(config_, names->current(), options);
    if (!notes) return fail(std::move(notes).error());
    auto made = Recording::start(
        config_,
        {std::move(*names), std::move(*notes), [this](const RecorderEvent& event) { events_.post(event); }, false, {}});
    if (!made) return fail(std::move(made).error());
    const std::shared_ptr<Recording> running = std::move(*made);
    {
        MutexLock lock(mutex_);
        recording_ = running;
    }
    outputs_.emplace(outputs_of(running->name(), options.cancel));
    outputs_->start_live(options.make_mp4, options.enhance, length);
    if (progress_) {
        ticker_ = std::make_unique<Ticker>([this, running] { progress_(running->progress()); });
        ticker_->start();
    }
    return {};
}

Result<TakeResult> AVRecorder::Impl::stop(bool make_mp4, bool enhance) {
    ONETAKE_TRY(check_state("stop()"));
    auto running = this->running("stop()");
    if (!running) return fail(std::move(running).error());
    // From now on, pushed media are refused.
    {
        MutexLock lock(mutex_);
        recording_ = nullptr;
    }
    ticker_.reset();
    const auto recording = std::move(*running);
    // The space left on a full disk is needed to close the take. Outputs are made afterwards.
    if (recording->ended_early()) outputs_->abandon_live();
    recording->end_capture();
    auto result = finish_take(*recording, *outputs_, make_mp4, enhance);
    outputs_.reset();
    events_.flush();
    forget_requests();
    return result;
}

Result<TakeResult> AVRecorder::Impl::process(const std::string& name, const ProcessOptions& options) {
    ONETAKE_TRY(check_state("process()"));
    if (recording())
        return fail(ErrorCode::wrong_state, "process() while a take is being recorded. Call stop() first.");
    ONETAKE_TRY(check_take_name(name));
    auto result = stored_take(config_.data_dir, name);
    if (!result) return result;
    // Those of the capture are in the manifest.
    if (!result->manifest_path.empty()) result->metrics.notes.clear();
    const auto made = outputs_of(name, options.cancel).process(options, *result);
    events_.flush();
    if (!made) return fail(made.error());
    return result;
}

Status AVRecorder::Impl::close() {
    if (closed_) return {};
    ONETAKE_TRY(check_state("close()"));
    Status status;
    if (recording())
        if (auto stopped = stop(false, false); !stopped) status = fail(std::move(stopped).error());
    closed_ = true;
    return status;
}

Result<std::shared_ptr<Recording>> AVRecorder::Impl::running(std::string_view call) const {
    if (auto running = recording()) return running;
    return fail(ErrorCode::wrong_state, fmt::format("{} without a running take. Call start() first.", call));
}

void AVRecorder::Impl::wait(HostTime until) {
    wake_.wait_until(until, recording()->ended_early_fd());
}

void AVRecorder::Impl::request_stop() noexcept {
    wake_.wake();
}

// Those that came for the take that has just ended.
void AVRecorder::Impl::forget_requests() {
    wake_.clear();
}

void AVRecorder::Impl::note(EventKind kind, std::string text) {
    events_.post({kind, to_seconds(host_now().time_since_epoch()), "", 0, std::move(text)});
}

TakeOutputs AVRecorder::Impl::outputs_of(const std::string& name, std::stop_token cancel) {
    return {config_,
            name,
            {progress_, enhanced_audio_, [this](EventKind kind, const std::string& text) { note(kind, text); }},
            std::move(cancel)};
}

template <class... Args>
std::function<void(Args...)> AVRecorder::Impl::guard(std::function<void(Args...)> callback, const char* name) {
    return guarded(std::move(callback), [this, name, told = false](const char* what) mutable {
        if (!std::exchange(told, true))
            note(EventKind::note, fmt::format("{} threw an exception, which is ignored: {}", name, what));
    });
}

void AVRecorder::Impl::set_on_event(EventCallback callback) {
    events_.set(guarded(std::move(callback), [](const char* what) {
        log().error("on_event threw an exception, which is ignored: {}", what);
    }));
}

void AVRecorder::Impl::set_on_progress(ProgressCallback callback) {
    progress_ = guard(std::move(callback), "on_progress");
}

void AVRecorder::Impl::set_on_enhanced_audio(EnhancedAudioCallback callback) {
    enhanced_audio_ = guard(std::move(callback), "on_enhanced_audio");
}

AVRecorder::AVRecorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AVRecorder::AVRecorder(AVRecorder&&) noexcept = default;
AVRecorder& AVRecorder::operator=(AVRecorder&& other) noexcept {
    if (this == &other) return *this;
    if (impl_)
        if (auto closed = close(); !closed) log().error("{}", closed.error().message);
    impl_ = std::move(other.impl_);
    return *this;
}
AVRecorder::~AVRecorder() {
    if (!impl_) return;
    if (auto closed = close(); !closed) log().error("{}", closed.error().message);
}

Result<AVRecorder> AVRecorder::create(RecorderConfig config) {
    ONETAKE_TRY(validate(config));
    auto wake = WakeEvent::create();
    if (!wake) return fail(std::move(wake).error());
    return AVRecorder(std::make_unique<Impl>(std::move(config), std::move(*wake)));
}

Result<TakeResult> AVRecorder::record(double duration_s, const StartOptions& options, std::stop_token stop) {
    constexpr double kLongest = 1e9;  // seconds; longer ones, also infinity, last until they are stopped
    if (!(duration_s > 0))
        return fail(ErrorCode::invalid_argument, fmt::format("duration is {} s; it must be above 0.", duration_s));
    const auto length = duration_s < kLongest ? duration_from_seconds(duration_s) : Duration{};
    ONETAKE_TRY(impl_->start(options, length));
    {
        const std::stop_callback on_stop(std::move(stop), [this] { impl_->request_stop(); });
        impl_->wait(host_now() + duration_from_seconds(std::min(duration_s, kLongest)));
    }
    return impl_->stop(options.make_mp4, options.enhance);
}

Result<TakeResult> AVRecorder::record(double duration_s, const std::string& name, bool make_mp4, bool enhance) {
    return record(duration_s, StartOptions{name, make_mp4, enhance, {}});
}

Status AVRecorder::start(const StartOptions& options) {
    return impl_->start(options, {});
}

Status AVRecorder::start(const std::string& name) {
    return start(StartOptions{name, true, true, {}});
}

Result<TakeResult> AVRecorder::stop(bool make_mp4, bool enhance) {
    return impl_->stop(make_mp4, enhance);
}

Status AVRecorder::close() {
    return impl_->close();
}

bool AVRecorder::is_recording() const {
    return impl_->recording() != nullptr;
}

void AVRecorder::request_stop() noexcept {
    impl_->request_stop();
}

Result<TakeResult> AVRecorder::process(const std::string& name, const ProcessOptions& options) {
    return impl_->process(name, options);
}

Result<TakeResult> AVRecorder::process(const std::string& name, bool make_mp4, std::optional<bool> enhance) {
    return process(name, ProcessOptions{make_mp4, enhance, false, {}});
}

void AVRecorder::on_event(EventCallback callback) {
    impl_->set_on_event(std::move(callback));
}

void AVRecorder::on_progress(ProgressCallback callback) {
    impl_->set_on_progress(std::move(callback));
}

void AVRecorder::on_enhanced_audio(EnhancedAudioCallback callback) {
    impl_->set_on_enhanced_audio(std::move(callback));
}

const RecorderConfig& AVRecorder::config() const {
    return impl_->config();
}

}  // namespace onetake
