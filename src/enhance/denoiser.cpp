#include "enhance/denoiser.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr float kMaxLevel = 16;  // far above what resampling can produce from full scale

/// Waits for the worker's `ready` message.
Result<worker::Ready> receive_ready(WorkerProcess& process, const WaitOptions& options) {
    std::vector<std::byte> body;
    const auto kind = process.receive(body, sizeof(worker::Ready), options);
    if (!kind) return fail(kind.error());
    worker::Ready ready;
    if (*kind != worker::Kind::ready || body.size() != sizeof ready)
        return fail(ErrorCode::corrupt, "The version of the speech enhancement worker doesn't match this library.");
    std::memcpy(&ready, body.data(), sizeof ready);
    ready.library[sizeof ready.library - 1] = '\0';
    return ready;
}

}  // namespace

Denoiser::Denoiser(WorkerProcess worker, const DenoiserOptions& options)
    : worker_(std::move(worker)), wait_options_{options.timeout, options.cancel} {
    if (options.attenuation_limit_db > 0)
        dry_share_ = static_cast<float>(std::pow(10.0, -options.attenuation_limit_db / 20));
}

Result<Denoiser> Denoiser::start(const DenoiserOptions& options) {
    if (options.model.empty())
        return fail(ErrorCode::invalid_argument,
                    "No model is set for speech enhancement. Get one with `onetake models download` and set its file "
                    "in denoise_model.");
    auto process = WorkerProcess::spawn({options.model, fmt::format("{}", options.threads), options.provider});
    if (!process) return fail(std::move(process).error());
    Denoiser denoiser(std::move(*process), options);
    const auto ready = receive_ready(denoiser.worker_, denoiser.wait_options_);
    if (!ready) {
        auto error = ready.error();
        if (error.code == ErrorCode::io)
            error.message = fmt::format("The model {} can't be run. {}", options.model, error.message);
        return fail(std::move(error));
    }
    if (ready->sample_rate <= 0)
        return fail(ErrorCode::corrupt, "The speech enhancement worker reported no sample rate.");
    denoiser.sample_rate_ = ready->sample_rate;
    denoiser.library_ = ready->library;
    // sherpa-onnx reports it in no other way.
    const bool fell_back = denoiser.worker_.output().find("Fallback to cpu") != std::string::npos;
    denoiser.provider_ = fell_back ? "cpu" : options.provider;
    return denoiser;
}

Result<std::string> Denoiser::probe() {
    auto process = WorkerProcess::spawn({"--version"});
    if (!process) return fail(std::move(process).error());
    const WaitOptions options{std::chrono::seconds(10), {}};
    const auto ready = receive_ready(*process, options);
    if (!ready) return fail(ready.error());
    return std::string(ready->library);
}

Status Denoiser::write(std::span<const float> samples, std::vector<float>& out) {
    while (!samples.empty()) {
        const auto piece = samples.first(std::min(samples.size(), worker::kMaxSamples));
        samples = samples.subspan(piece.size());
        // One NaN would stay in the model's state, and extremely large values become NaN inside the model.
        clean_.assign(piece.begin(), piece.end());
        for (auto& sample : clean_) sample = std::isfinite(sample) ? std::clamp(sample, -kMaxLevel, kMaxLevel) : 0;
        if (dry_share_ > 0) pending_input_.insert(pending_input_.end(), clean_.begin(), clean_.end());
        ONETAKE_TRY(request(worker::Kind::samples, clean_, out));
    }
    return {};
}

Status Denoiser::finish(std::vector<float>& out) {
    return request(worker::Kind::finish, {}, out);
}

Status Denoiser::request(worker::Kind kind, std::span<const float> samples, std::vector<float>& out) {
    const auto before = host_now();
    ONETAKE_TRY(worker_.send(kind, std::as_bytes(samples), wait_options_));
    const auto reply = worker_.receive(body_, worker::kMaxReplyBytes, wait_options_);
    if (!reply) return fail(reply.error());
    if (*reply != worker::Kind::samples || body_.size() % sizeof(float) != 0)
        return fail(ErrorCode::corrupt, "The speech enhancement worker's reply is invalid.");
    busy_ += host_now() - before;
    const auto old = out.size(), count = body_.size() / sizeof(float);
    out.resize(old + count);
    if (count > 0) std::memcpy(out.data() + old, body_.data(), body_.size());
    if (dry_share_ > 0) {
        if (count > pending_input_.size())
            return fail(ErrorCode::corrupt, "The speech enhancement worker returned more samples than it received.");
        for (std::size_t i = 0; i < count; ++i) {
            auto& sample = out[old + i];
            sample = dry_share_ * pending_input_[i] + (1 - dry_share_) * sample;
        }
        pending_input_.erase(pending_input_.begin(), pending_input_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return {};
}

}  // namespace onetake
