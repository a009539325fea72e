#include "record/take_outputs.h"

#include "inspect/enhanced_wav.h"
#include "take/manifest.h"
#include "take/metrics_json.h"
#include "take/take_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

constexpr double kLagToReport_s = 2;

EnhancedAudioReader stored_audio(const TakeResult& result) {
    return {[path = result.enhanced_wav_path] { return path; }, {}, result.metrics.denoise_model};
}

// Media that were stored but are missing now count as lost, whatever was counted when the take was closed.
void account(const TrackLoss& loss, Metrics& m) {
    if (loss.lost == 0) return;
    const bool video = loss.track.kind == TrackKind::video;
    auto counters = std::ranges::find(m.counters, to_string(loss.track), &TrackCounters::track);
    if (counters == m.counters.end())
        counters = m.counters.insert(counters, {to_string(loss.track), std::string(to_string(loss.track.kind)),
                                                loss.named, loss.named, 0, 0, 0, 0});
    const auto there = loss.named - loss.lost;
    if (counters->written <= there) return;
    const auto missing = counters->written - there;
    counters->written = there;
    counters->dropped_disk += missing;
    if (video)
        m.frames -= std::min(m.frames, missing);
    else if (loss.track.kind == TrackKind::audio && loss.track.number == 1)
        m.audio_samples -= std::min(m.audio_samples, missing);
}

}  // namespace

bool wants_enhancement(const RecorderConfig& config, bool enhance) {
    return enhance && config.enhance.wanted() && !config.audio.empty();
}

TakeOutputs::TakeOutputs(const RecorderConfig& config, std::string name, OutputCallbacks callbacks,
                         std::stop_token cancel, AudioOutput audio, TrackTags tags)
    : config_(config),
      name_(std::move(name)),
      folder_(take_folder(config.data_dir, name_)),
      callbacks_(std::move(callbacks)),
      cancel_(std::move(cancel)),
      audio_(std::move(audio)),
      tags_(std::move(tags)) {}

void TakeOutputs::start_live(bool make_mp4, bool enhance, Duration length) {
    const bool will_enhance = wants_enhancement(config_, enhance);
    if (will_enhance && config_.enhance.live) {
        enhancement_ = std::make_unique<LiveEnhancement>(enhance_options_of_take());
        enhancement_->start();
        if (callbacks_.enhanced_audio) {
            tap_ = std::make_unique<EnhancedAudioTap>(folder_, enhancement_->audio(), callbacks_.enhanced_audio);
            tap_->start();
        }
    }
    // Audio that is enhanced after the take can't be rendered while recording.
    // Nor may a file be complete before it is known that enhancement works, where that is required.
    if (!make_mp4 || !config_.instant_mp4 || (will_enhance && (!enhancement_ || config_.enhance.required))) return;
    auto options = render_options_of_take();
    options.expected_length = length;
    if (enhancement_) options.enhanced = enhancement_->audio();
    const bool copies = config_.store.codec != "jpeg" && options.copy_encoded;
    rendering_ = std::make_unique<FollowingRender>(std::move(options), copies);
    rendering_->start();
}

void TakeOutputs::abandon_live() {
    if (enhancement_) enhancement_->abandon();
    rendering_.reset();
    tap_.reset();
    enhancement_.reset();
}

void TakeOutputs::take_is_complete(bool make_mp4, bool enhance, Duration length) {
    if (enhancement_) enhance ? enhancement_->take_is_complete() : enhancement_->abandon();
    if (!rendering_) return;
    if (make_mp4)
        rendering_->take_is_complete(length);
    else
        rendering_.reset();
}

void TakeOutputs::finish(bool make_mp4, bool enhance, TakeResult& result) {
    const bool enhanced = finish_enhancement(enhance, result);
    tap_.reset();  // emits the rest
    const bool refused = !enhanced && config_.enhance.required && wants_enhancement(config_, enhance);
    if (make_mp4) refused ? refuse_rendering(result) : finish_rendering(enhanced, result);
    store_in_manifest(result.metrics, result);
}

// The manifest was written when the take was closed.
void TakeOutputs::store_in_manifest(const Metrics& metrics, TakeResult& result) {
    if (result.manifest_path.empty()) return;
    const auto dir = TakeDir::open(folder_);
    auto stored = dir ? update_manifest(*dir, metrics, outputs_json(result)) : fail(dir.error());
    if (!stored)
        note(result, EventKind::note,
             fmt::format("The manifest does not name the outputs: {}", std::move(stored).error().message));
}

// Whether the take has enhanced audio now.
bool TakeOutputs::finish_enhancement(bool enhance, TakeResult& result) {
    if (!wants_enhancement(config_, enhance)) return false;
    if (result.metrics.audio_samples == 0) {
        add_failure(result, "Nothing was enhanced: the take has no audio.");
        return false;
    }
    if (!enhancement_) return take_enhancement(enhance_stored(), result);
    if (!take_enhancement(enhancement_->wait(), result)) return false;
    if (const auto behind = enhancement_->was_behind_s(); behind > kLagToReport_s)
        note(result, EventKind::note,
             fmt::format("Speech enhancement was {:.0f} s behind when the take ended.", behind));
    return true;
}

void TakeOutputs::finish_rendering(bool enhanced, TakeResult& result) {
    // A file that began with enhanced audio can't continue with the original. Known only once the enhancement has
    // ended.
    if (enhancement_ && !enhanced) {
        (void)enhancement_->wait();
        if (enhancement_->was_read()) rendering_.reset();
    }
    auto options = render_options_of_take();
    if (enhanced) options.enhanced = stored_audio(result);
    take_rendering(rendering_ ? rendering_->wait() : render_take(options), result);
}

Status TakeOutputs::process(const ProcessOptions& wishes, TakeResult& result) {
    const auto enhance = wishes.enhance;
    const bool wanted = enhance.value_or(config_.enhance.wanted());
    bool use_enhanced = enhance.value_or(true);
    if (wanted && result.wav_path.empty()) {
        use_enhanced = false;
        add_failure(result, "Nothing was enhanced: the take has no audio.");
    } else if (wanted) {
        if (auto works = try_enhancement(enhance_options_of_take()); !works) return fail(std::move(works).error());
        auto report = enhance_stored();
        if (!report && report.error().code == ErrorCode::cancelled) return fail(std::move(report).error());
        use_enhanced = take_enhancement(std::move(report), result);
    } else if (auto problem = enhanced_wav_problem(folder_); !problem.empty()) {
        use_enhanced = false;
        result.enhanced_wav_path.clear();
        note(result, EventKind::fallback, fmt::format("The audio as it was recorded is used: {}", problem));
    } else if (const auto stored = stored_enhancement(folder_)) {
        take_enhancement(*stored, result);
    }
    if (!wishes.make_mp4) {
        store_in_manifest(result);
        return {};
    }
    if (wanted && !use_enhanced && config_.enhance.required) {
        refuse_rendering(result);
        store_in_manifest(result);
        return {};
    }
    auto options = render_options_of_take();
    options.replace_any = wishes.force;
    options.raw_audio_is_wanted = !enhance.value_or(true);
    if (use_enhanced) options.enhanced = stored_audio(result);
    auto report = render_take(options);
    if (!report) return fail(std::move(report).error());
    take_rendering(std::move(report), result);
    store_in_manifest(result);
    return {};
}

// Of a take that was stored before: its capture's metrics stay, whatever is missing from it now.
void TakeOutputs::store_in_manifest(TakeResult& result) {
    const auto dir = TakeDir::open(folder_);
    const auto header = dir ? read_manifest(*dir) : fail(dir.error());
    if (!header) return;
    auto metrics = header->metrics;
    metrics.denoise_enabled = result.metrics.denoise_enabled;
    metrics.denoise_model = result.metrics.denoise_model;
    metrics.denoise_out_sr = result.metrics.denoise_out_sr;
    metrics.denoise_rt_factor = result.metrics.denoise_rt_factor;
    store_in_manifest(metrics, result);
}

// Whether there is enhanced audio; if not, a note gives the reason.
bool TakeOutputs::take_enhancement(Result<EnhanceReport> report, TakeResult& result) {
    auto& m = result.metrics;
    if (!report) {
        add_failure(result, fmt::format("The audio is kept as it was recorded, without speech enhancement: {}",
                                        report.error().message));
        return false;
    }
    if (auto text = provider_fallback(enhance_options_of_take(), report->provider); !text.empty())
        note(result, EventKind::fallback, std::move(text));
    result.enhanced_wav_path = report->path;
    m.denoise_enabled = true;
    m.denoise_model = report->model;
    m.denoise_out_sr = report->sample_rate;
    m.denoise_rt_factor = report->rt_factor;
    return true;
}

void TakeOutputs::take_rendering(Result<RenderReport> report, TakeResult& result) {
    if (!report) {
        add_failure(result, fmt::format("No output file was made: {} The take is complete; `{}` tries again.",
                                        report.error().message, render_options_of_take().command));
        return;
    }
    origin_ = report->origin;
    result.mp4_path = report->path;
    result.mp4_bytes = report->bytes;
    result.mp4_frames = report->frames;
    result.mp4_codec = report->codec;
    result.mp4_audio = report->audio;
    for (const auto& loss : report->losses) {
        missing_ += loss.lost;
        account(loss, result.metrics);
    }
    for (auto& text : report->notes) note(result, EventKind::note, std::move(text));
}

void TakeOutputs::refuse_rendering(TakeResult& result) {
    rendering_.reset();
    add_failure(result, "No output file was made: its audio could not be enhanced, and require_enhance is set.");
}

void TakeOutputs::add_failure(TakeResult& result, std::string text) {
    result.failures.push_back(text);
    note(result, EventKind::fallback, std::move(text));
}

void TakeOutputs::note(TakeResult& result, EventKind kind, std::string text) {
    if (std::ranges::find(result.metrics.notes, text) != result.metrics.notes.end()) return;
    if (callbacks_.note) callbacks_.note(kind, text);
    result.metrics.notes.push_back(std::move(text));
}

EnhanceOptions TakeOutputs::enhance_options_of_take() const {
    auto options = enhance_options(config_, name_);
    options.cancel = cancel_;
    return options;
}

RenderOptions TakeOutputs::render_options_of_take() const {
    auto options = render_options(config_, name_);
    options.on_progress = callbacks_.progress;
    options.cancel = cancel_;
    options.audio = audio_;
    options.track_tags = tags_;
    return options;
}

Result<EnhanceReport> TakeOutputs::enhance_stored() const {
    const auto began = host_now();
    return enhance_take(enhance_options_of_take(), [&](double fraction) {
        if (!callbacks_.progress) return;
        Progress p;
        p.phase = Progress::Phase::enhancing;
        p.elapsed_s = to_seconds(host_now() - began);
        p.fraction = fraction;
        callbacks_.progress(p);
    });
}

}  // namespace onetake
