#include "enhance/sherpa_denoiser.h"

#include "enhance/model_file.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr int kDelaysPerSecond = 25;  // 40 ms: four hops
constexpr int kHopsPerSecond = 100;
constexpr int kPreflightsPerSecond = 5;

}  // namespace

SherpaDenoiser::SherpaDenoiser(const SherpaLibrary& library, Handle handle, std::string model, int sample_rate)
    : library_(&library),
      handle_(std::move(handle)),
      model_(std::move(model)),
      sample_rate_(sample_rate),
      delay_(sample_rate / kDelaysPerSecond),
      to_drop_(delay_) {}

Result<SherpaDenoiser> SherpaDenoiser::open(const SherpaLibrary& library, const std::string& model, int threads,
                                            const std::string& provider) {
    const auto info = inspect_model(model);
    if (!info) return fail(info.error());
    SherpaOnnxOnlineSpeechDenoiserConfig config{};
    config.model.num_threads = threads;
    config.model.provider = provider.c_str();
    config.model.dpdfnet.model = model.c_str();
    Handle handle(library.create(&config), library.destroy);
    if (!handle) return fail(ErrorCode::corrupt, fmt::format("sherpa-onnx can't load the model {}.", model));
    const int rate = library.sample_rate(handle.get()), shift = library.frame_shift(handle.get());
    if (rate != info->sample_rate || shift != rate / kHopsPerSecond)
        return fail(
            ErrorCode::corrupt,
            fmt::format("sherpa-onnx runs {} at {} Hz in steps of {}, not at {} Hz in steps of {} as in its metadata.",
                        model, rate, shift, info->sample_rate, info->sample_rate / kHopsPerSecond));
    SherpaDenoiser denoiser(library, std::move(handle), model, rate);
    ONETAKE_TRY(denoiser.preflight());
    return denoiser;
}

Status SherpaDenoiser::preflight() {
    std::vector<float> in(static_cast<std::size_t>(sample_rate_ / kPreflightsPerSecond)), out;
    // Any noise will do; silence would not exercise every branch of a model.
    std::uint32_t noise = 1;
    for (auto& sample : in) {
        noise = noise * 1664525u + 1013904223u;
        sample = static_cast<float>(noise >> 16) / 65536.0F * 0.2F - 0.1F;
    }
    ONETAKE_TRY(write(in, out));
    ONETAKE_TRY(finish(out));
    library_->reset(handle_.get());
    return {};
}

Status SherpaDenoiser::write(std::span<const float> samples, std::vector<float>& out) {
    in_ += static_cast<std::int64_t>(samples.size());
    return run(samples, out);
}

Status SherpaDenoiser::finish(std::vector<float>& out) {
    if (in_ > 0) {
        ONETAKE_TRY(run(std::vector<float>(static_cast<std::size_t>(delay_)), out));
        ONETAKE_TRY(take(library_->flush(handle_.get()), out));
        if (out_ != in_)
            return fail(ErrorCode::corrupt, fmt::format("The model {} returned {} samples for {}.", model_, out_, in_));
    }
    in_ = out_ = 0;
    to_drop_ = delay_;
    return {};
}

Status SherpaDenoiser::run(std::span<const float> samples, std::vector<float>& out) {
    if (samples.empty()) return {};
    return take(library_->run(handle_.get(), samples.data(), static_cast<std::int32_t>(samples.size()), sample_rate_),
                out);
}

Status SherpaDenoiser::take(const SherpaOnnxDenoisedAudio* audio, std::vector<float>& out) {
    if (!audio) return {};
    const std::unique_ptr<const SherpaOnnxDenoisedAudio, decltype(library_->free_audio)> owned(audio,
                                                                                               library_->free_audio);
    if (audio->n < 0 || audio->sample_rate != sample_rate_)
        return fail(ErrorCode::corrupt,
                    fmt::format("The model {} changed its sample rate to {}.", model_, audio->sample_rate));
    const std::span all(audio->samples, static_cast<std::size_t>(audio->n));
    const auto dropped = std::min<std::int64_t>(to_drop_, audio->n);
    to_drop_ -= dropped;
    const auto kept = all.subspan(static_cast<std::size_t>(dropped));
    if (!std::ranges::all_of(kept, [](float v) { return std::isfinite(v); }))
        return fail(ErrorCode::corrupt, fmt::format("The model {} returned samples that are not finite.", model_));
    out.insert(out.end(), kept.begin(), kept.end());
    out_ += static_cast<std::int64_t>(kept.size());
    return {};
}

}  // namespace onetake
