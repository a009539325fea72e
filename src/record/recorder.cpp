#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "inspect/stored_take.h"
#include "media/jpeg_info.h"
#include "record/live_outputs.h"
#include "record/pushed_frame.h"
#include "record/recording.h"
#include "record/ticker.h"
#include "render/renderer.h"

#include <onetake/recorder.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace onetake {

namespace {

constexpr double kLagToReport_s = 2;

Error not_recording(std::string_view call) {
    return {ErrorCode::wrong_state, fmt::format("{} without a running take. Call start() first.", call)};
}

std::int16_t to_int16(float v) {
    if (std::isnan(v)) return 0;
    return static_cast<std::int16_t>(std::lrint(std::clamp(v, -1.0f, 1.0f) * 32767.0f));
}

}  // namespace

class AVRecorder::Impl {
 public:
    explicit Impl(RecorderConfig config)
        : config_(std::move(config)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    // `follow`, `enhance`: render, enhance while recording. `length`: how long the take will be, if that is known.
    Status start(const std::string& name, bool follow, bool enhance, Duration length = {}) {
        if (recording())
            return fail(ErrorCode::wrong_state, "start() while a take is being recorded. Call stop() first.");
        auto made = Recording::start(config_, name);
        if (!made) return fail(std::move(made).error());
        const std::shared_ptr<Recording> running = std::move(*made);
        {
            MutexLock lock(mutex_);
            recording_ = running;
        }
        const bool will_enhance = enhance && config_.denoise && config_.audio && !config_.denoise_model.empty();
        if (will_enhance && config_.denoise_live) {
            live_.enhancement = std::make_unique<LiveEnhancement>(enhance_options_for(running->name()));
            live_.enhancement->start();
        }
        if (live_.enhancement && enhanced_audio_) {
            live_.tap = std::make_unique<EnhancedAudioTap>(folder_of(running->name()), live_.enhancement->audio(),
                                                           enhanced_audio_);
            live_.tap->start();
        }
        // Audio that is enhanced after the take can't be rendered while recording.
        if (follow && config_.instant_mp4 && (live_.enhancement || !will_enhance)) {
            auto options = render_options_for(running->name());
            options.expected_length = length;
            if (live_.enhancement) options.enhanced = live_.enhancement->audio();
            live_.rendering = std::make_unique<FollowingRender>(std::move(options));
            live_.rendering->start();
        }
        if (progress_) {
            ticker_ = std::make_unique<Ticker>([this, running] { progress_(running->progress()); });
            ticker_->start();
        }
        return {};
    }

    Result<TakeResult> stop(bool make_mp4, bool enhance) {
        auto running = end_pushing();
        if (!running) return fail(not_recording("stop()"));
        ticker_.reset();
        auto live = std::move(live_);
        // The space left on a full disk is needed to close the take. Enhanced audio and MP4 are made afterwards.
        if (running->ended_early()) live.abandon();
        running->end_capture();
        const bool render = make_mp4 && running->has_media();
        live.take_is_complete(render, enhance, running->length());
        auto result = running->close();
        running.reset();
        if (!result) {
            live.abandon();
            return result;
        }
        const bool enhanced = finish_enhancement(live, enhance, *result);
        live.tap.reset();  // emits the rest
        if (render) finish_rendering(live, enhanced, *result);
        cancel_ = false;
        return result;
    }

    Result<TakeResult> process(const std::string& name, bool make_mp4, std::optional<bool> enhance) {
        ONETAKE_TRY(check_take_name(name));
        auto result = stored_take(config_.data_dir, name);
        if (!result) return result;
        auto made = process_stored(*result, make_mp4, enhance);
        cancel_ = false;
        if (!made) return fail(std::move(made).error());
        return result;
    }

    std::shared_ptr<Recording> recording() const {
        MutexLock lock(mutex_);
        return recording_;
    }

    // Returns at `until`, after request_stop(), or when nothing more can be stored.
    void wait(HostTime until) {
        const auto running = recording();
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - host_now()).count();
            if (left <= 0) return;
            std::array<pollfd, 2> fds{{{wake_.get(), POLLIN, 0}, {running->ended_early_fd(), POLLIN, 0}}};
            if (::poll(fds.data(), fds.size(), static_cast<int>(std::min<std::int64_t>(left, 1'000'000))) > 0) {
                std::uint64_t count = 0;
                if (fds[0].revents != 0) (void)!::read(wake_.get(), &count, sizeof count);
                return;
            }
        }
    }

    void cancel_rendering() noexcept { cancel_ = true; }

    void request_stop() noexcept {
        const std::uint64_t one = 1;
        (void)!::write(wake_.get(), &one, sizeof one);
    }

    const RecorderConfig config_;
    ProgressCallback progress_;
    EnhancedAudioCallback enhanced_audio_;

 private:
    // Pushed media are refused afterwards. Null if no take is being recorded.
    std::shared_ptr<Recording> end_pushing() {
        MutexLock lock(mutex_);
        return std::exchange(recording_, nullptr);
    }

    // Whether the take has enhanced audio now.
    bool finish_enhancement(LiveOutputs& live, bool enhance, TakeResult& result) {
        if (!enhance || !config_.denoise || result.metrics.audio_samples == 0) return false;
        if (!live.enhancement) return take_enhancement(enhance_stored(result.name), result);
        if (!take_enhancement(live.enhancement->wait(), result)) return false;
        if (const auto behind = live.enhancement->was_behind_s(); behind > kLagToReport_s)
            result.metrics.notes.push_back(
                fmt::format("Speech enhancement was {:.0f} s behind when the take ended.", behind));
        return true;
    }

    void finish_rendering(LiveOutputs& live, bool enhanced, TakeResult& result) {
        // A file that began with enhanced audio can't continue with the original. Known only once the enhancement has
        // ended.
        if (live.enhancement && !enhanced) {
            (void)live.enhancement->wait();
            if (live.enhancement->was_read()) live.rendering.reset();
        }
        auto options = render_options_for(result.name);
        if (enhanced) options.enhanced = stored_audio(result);
        take_report(live.rendering ? live.rendering->wait() : render_take(options), result);
    }

    Status process_stored(TakeResult& result, bool make_mp4, std::optional<bool> enhance) {
        const bool wanted = enhance.value_or(!config_.denoise_model.empty());
        bool take_enhanced = enhance.value_or(true);
        if (wanted && !result.wav_path.empty()) {
            auto report = enhance_stored(result.name);
            if (!report && report.error().code == ErrorCode::cancelled) return fail(std::move(report).error());
            take_enhanced = take_enhancement(std::move(report), result);
        } else if (const auto stored = stored_enhancement(folder_of(result.name))) {
            take_enhancement(*stored, result);
        }
        if (!make_mp4) return {};
        auto options = render_options_for(result.name);
        if (take_enhanced) options.enhanced = stored_audio(result);
        auto report = render_take(options);
        if (!report) return fail(std::move(report).error());
        take_report(std::move(report), result);
        return {};
    }

    std::string folder_of(const std::string& name) const { return take_folder(config_.data_dir, name); }

    EnhanceOptions enhance_options_for(const std::string& name) {
        auto options = enhance_options(config_, name);
        options.cancelled = [this] { return cancel_.load(); };
        return options;
    }

    Result<EnhanceReport> enhance_stored(const std::string& name) {
        return enhance_take(enhance_options_for(name), [this](double fraction) {
            if (!progress_) return;
            Progress p;
            p.enhance_fraction = fraction;
            progress_(p);
        });
    }

    static EnhancedAudioReader stored_audio(const TakeResult& result) {
        return {[path = result.enhanced_wav_path] { return path; }, {}};
    }

    // Whether there is enhanced audio; if not, a note gives the reason.
    static bool take_enhancement(Result<EnhanceReport> report, TakeResult& result) {
        auto& m = result.metrics;
        if (!report) {
            m.notes.push_back(fmt::format("The audio is kept as it was recorded, without speech enhancement: {}",
                                          report.error().message));
            return false;
        }
        result.enhanced_wav_path = report->path;
        m.denoise_enabled = true;
        m.denoise_model = report->model;
        m.denoise_out_sr = report->sample_rate;
        m.denoise_rt_factor = report->rt_factor;
        return true;
    }

    RenderOptions render_options_for(const std::string& name) {
        auto options = render_options(config_, name);
        options.on_progress = progress_;
        options.cancelled = [this] { return cancel_.load(); };
        return options;
    }

    // Media that were stored but are missing now count as lost, whatever was counted when the take was closed.
    static void account(const TrackLoss& loss, Metrics& m) {
        if (loss.lost == 0) return;
        const bool video = loss.track.kind == TrackKind::video;
        auto counters = std::ranges::find(m.counters, to_string(loss.track), &TrackCounters::track);
        if (counters == m.counters.end())
            counters = m.counters.insert(
                counters, {to_string(loss.track), video ? "video" : "audio", loss.named, loss.named, 0, 0, 0, 0});
        const auto there = loss.named - loss.lost;
        if (counters->written <= there) return;
        const auto missing = counters->written - there;
        counters->written = there;
        counters->dropped_disk += missing;
        if (video)
            m.frames -= std::min(m.frames, missing);
        else if (loss.track.number == 1)
            m.audio_samples -= std::min(m.audio_samples, missing);
    }

    static void take_report(Result<RenderReport> report, TakeResult& result) {
        if (!report) {
            result.metrics.notes.push_back(
                fmt::format("No output file was made: {} The take is complete; `onetake process {}` tries again.",
                            report.error().message, result.name));
            return;
        }
        result.mp4_path = report->path;
        for (const auto& loss : report->losses) account(loss, result.metrics);
        for (auto& note : report->notes) result.metrics.notes.push_back(std::move(note));
    }

    const UniqueFd wake_;
    std::atomic<bool> cancel_{false};
    mutable Mutex mutex_;
    std::shared_ptr<Recording> recording_ ONETAKE_GUARDED_BY(mutex_);  // shared with pushing threads
    std::unique_ptr<Ticker> ticker_;
    LiveOutputs live_;
};

AVRecorder::AVRecorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AVRecorder::AVRecorder(AVRecorder&&) noexcept = default;
AVRecorder& AVRecorder::operator=(AVRecorder&& other) noexcept {
    if (this == &other) return *this;
    if (impl_ && is_recording()) (void)stop(false, false);
    impl_ = std::move(other.impl_);
    return *this;
}
AVRecorder::~AVRecorder() {
    if (!impl_ || !is_recording()) return;
    if (auto stopped = stop(false, false); !stopped) log().error("{}", stopped.error().message);
}

Result<AVRecorder> AVRecorder::create(RecorderConfig config) {
    ONETAKE_TRY(validate(config));
    return AVRecorder(std::make_unique<Impl>(std::move(config)));
}

Result<TakeResult> AVRecorder::record(double duration_s, const std::string& name, bool make_mp4, bool enhance) {
    constexpr double kLongest = 1e9;  // seconds; longer ones, also infinity, last until request_stop()
    if (!(duration_s > 0))
        return fail(ErrorCode::invalid_argument, fmt::format("duration is {} s; it must be above 0.", duration_s));
    const auto length = duration_s < kLongest ? duration_from_seconds(duration_s) : Duration{};
    ONETAKE_TRY(impl_->start(name, make_mp4, enhance, length));
    impl_->wait(host_now() + duration_from_seconds(std::min(duration_s, kLongest)));
    return stop(make_mp4, enhance);
}

Status AVRecorder::start(const std::string& name) {
    return impl_->start(name, true, true);
}

Result<TakeResult> AVRecorder::stop(bool make_mp4, bool enhance) {
    return impl_->stop(make_mp4, enhance);
}

bool AVRecorder::is_recording() const {
    return impl_->recording() != nullptr;
}

void AVRecorder::request_stop() noexcept {
    impl_->request_stop();
}

void AVRecorder::cancel_rendering() noexcept {
    impl_->cancel_rendering();
}

Status AVRecorder::push_video(const BgrImage& image, std::optional<double> t, int track) {
    const auto recording = impl_->recording();
    if (!recording) return fail(not_recording("push_video()"));
    const int stride = image.stride ? image.stride : 3 * image.width;
    ONETAKE_TRY(check_pushed_frame(image.width, image.height, stride, image.pixels.size()));
    const auto row = static_cast<std::size_t>(3 * image.width);
    auto buffer = recording->buffer(row * static_cast<std::size_t>(image.height), track);
    if (!buffer) return fail(std::move(buffer).error());
    for (int y = 0; y < image.height; ++y)
        std::memcpy(buffer->writable() + static_cast<std::size_t>(y) * row,
                    image.pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(stride), row);
    return recording->push(bgr_frame(image.width, image.height, 3 * image.width, std::move(*buffer)), t, track);
}

Status AVRecorder::push_video(std::vector<std::uint8_t>&& pixels, int width, int height, std::optional<double> t,
                              int track) {
    const auto recording = impl_->recording();
    if (!recording) return fail(not_recording("push_video()"));
    ONETAKE_TRY(check_pushed_frame(width, height, 3 * width, pixels.size()));
    return recording->push(bgr_frame(width, height, 3 * width, Buffer(std::move(pixels))), t, track);
}

Status AVRecorder::push_video(const BgrImage& image, std::shared_ptr<const void> owner, std::optional<double> t,
                              int track) {
    const auto recording = impl_->recording();
    if (!recording) return fail(not_recording("push_video()"));
    const int stride = image.stride ? image.stride : 3 * image.width;
    ONETAKE_TRY(check_pushed_frame(image.width, image.height, stride, image.pixels.size()));
    return recording->push(bgr_frame(image.width, image.height, stride,
                                     Buffer(image.pixels.data(), image.pixels.size(), std::move(owner))),
                           t, track);
}

Status AVRecorder::push_jpeg(std::span<const std::uint8_t> jpeg, std::optional<double> t, int track) {
    const auto recording = impl_->recording();
    if (!recording) return fail(not_recording("push_jpeg()"));
    const auto info = inspect_jpeg(jpeg);
    if (!info) return fail(ErrorCode::refused, "The pushed bytes are no complete JPEG: " + info.error().message);
    auto buffer = recording->buffer(jpeg.size(), track);
    if (!buffer) return fail(std::move(buffer).error());
    std::memcpy(buffer->writable(), jpeg.data(), jpeg.size());
    Frame frame;
    frame.format = PixelFormat::jpeg;
    frame.width = info->width;
    frame.height = info->height;
    frame.bytes = std::move(*buffer);
    return recording->push(std::move(frame), t, track);
}

Status AVRecorder::push_audio(std::span<const std::int16_t> samples, std::optional<double> t, int track) {
    const auto recording = impl_->recording();
    if (!recording) return fail(not_recording("push_audio()"));
    const auto channels = static_cast<std::size_t>(impl_->config_.channels);
    if (samples.empty() || samples.size() % channels != 0)
        return fail(ErrorCode::refused,
                    fmt::format("{} samples can't be divided among {} channels.", samples.size(), channels));
    AudioBlock block;
    block.samples.assign(samples.begin(), samples.end());
    block.channels = impl_->config_.channels;
    return recording->push(std::move(block), t, track);
}

Status AVRecorder::push_audio(std::span<const float> samples, std::optional<double> t, int track) {
    std::vector<std::int16_t> converted(samples.size());
    std::ranges::transform(samples, converted.begin(), to_int16);
    return push_audio(std::span<const std::int16_t>(converted), t, track);
}

Result<TakeResult> AVRecorder::process(const std::string& name, bool make_mp4, std::optional<bool> enhance) {
    if (is_recording())
        return fail(ErrorCode::wrong_state, "process() while a take is being recorded. Call stop() first.");
    return impl_->process(name, make_mp4, enhance);
}

void AVRecorder::on_progress(ProgressCallback callback) {
    impl_->progress_ = std::move(callback);
}

void AVRecorder::on_enhanced_audio(EnhancedAudioCallback callback) {
    impl_->enhanced_audio_ = std::move(callback);
}

const RecorderConfig& AVRecorder::config() const {
    return impl_->config_;
}

}  // namespace onetake
