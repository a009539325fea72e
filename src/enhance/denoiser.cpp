#include "enhance/denoiser.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr float kLoudest = 16;  // far above what resampling makes of full scale

/// Waits for the worker's greeting.
Result<worker::Ready> greeting(WorkerProcess& process, const WorkerPatience& patience) {
    std::vector<std::byte> body;
    const auto kind = process.receive(body, sizeof(worker::Ready), patience);
    if (!kind) return fail(kind.error());
    worker::Ready ready;
    if (*kind != worker::Kind::ready || body.size() != sizeof ready)
        return fail(ErrorCode::corrupt, "The speech enhancement worker is of another version than this library.");
    std::memcpy(&ready, body.data(), sizeof ready);
    ready.library[sizeof ready.library - 1] = '\0';
    return ready;
}

}  // namespace

Denoiser::Denoiser(WorkerProcess worker, const DenoiserOptions& options)
    : worker_(std::move(worker)), patience_{options.patience, options.cancelled} {
    if (options.attenuation_limit_db > 0)
        kept_ = static_cast<float>(std::pow(10.0, -options.attenuation_limit_db / 20));
}

Result<Denoiser> Denoiser::start(const DenoiserOptions& options) {
    if (options.model.empty())
        return fail(ErrorCode::invalid_argument,
                    "No model is given for speech enhancement. Get one with `onetake models download` and name its "
                    "file in denoise_model.");
    auto process = WorkerProcess::spawn({options.model, fmt::format("{}", options.threads), options.provider});
    if (!process) return fail(std::move(process).error());
    Denoiser denoiser(std::move(*process), options);
    const auto ready = greeting(denoiser.worker_, denoiser.patience_);
    if (!ready) {
        auto error = ready.error();
        if (error.code == ErrorCode::io)
            error.message = fmt::format("The model {} can't be run. {}", options.model, error.message);
        return fail(std::move(error));
    }
    if (ready->sample_rate <= 0) return fail(ErrorCode::corrupt, "The speech enhancement worker named no sample rate.");
    denoiser.sample_rate_ = ready->sample_rate;
    denoiser.library_ = ready->library;
    return denoiser;
}

Result<std::string> Denoiser::probe() {
    auto process = WorkerProcess::spawn({"--version"});
    if (!process) return fail(std::move(process).error());
    const WorkerPatience patience{std::chrono::seconds(10), {}};
    const auto ready = greeting(*process, patience);
    if (!ready) return fail(ready.error());
    return std::string(ready->library);
}

Status Denoiser::write(std::span<const float> samples, std::vector<float>& out) {
    while (!samples.empty()) {
        const auto piece = samples.first(std::min(samples.size(), worker::kMostSamples));
        samples = samples.subspan(piece.size());
        // One NaN would stay in the model's state for good, and what is absurdly loud becomes one on its way through.
        clean_.assign(piece.begin(), piece.end());
        for (auto& sample : clean_) sample = std::isfinite(sample) ? std::clamp(sample, -kLoudest, kLoudest) : 0;
        if (kept_ > 0) waiting_.insert(waiting_.end(), clean_.begin(), clean_.end());
        ONETAKE_TRY(ask(worker::Kind::samples, clean_, out));
    }
    return {};
}

Status Denoiser::finish(std::vector<float>& out) {
    return ask(worker::Kind::finish, {}, out);
}

Status Denoiser::ask(worker::Kind kind, std::span<const float> samples, std::vector<float>& out) {
    const auto before = host_now();
    ONETAKE_TRY(worker_.send(kind, std::as_bytes(samples), patience_));
    const auto answer = worker_.receive(body_, worker::kMostReplyBytes, patience_);
    if (!answer) return fail(answer.error());
    if (*answer != worker::Kind::samples || body_.size() % sizeof(float) != 0)
        return fail(ErrorCode::corrupt, "The speech enhancement worker's answer makes no sense.");
    busy_ += host_now() - before;
    const auto old = out.size(), count = body_.size() / sizeof(float);
    out.resize(old + count);
    if (count > 0) std::memcpy(out.data() + old, body_.data(), body_.size());
    if (kept_ > 0) {
        if (count > waiting_.size())
            return fail(ErrorCode::corrupt, "The speech enhancement worker gave more samples than it was given.");
        for (std::size_t i = 0; i < count; ++i) {
            auto& sample = out[old + i];
            sample = kept_ * waiting_[i] + (1 - kept_) * sample;
        }
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return {};
}

}  // namespace onetake
