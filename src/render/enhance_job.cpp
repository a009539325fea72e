#include "render/enhance_job.h"

#include "base/clock.h"
#include "base/files.h"
#include "take/take_files.h"

#include <onetake/config.h>
#include <onetake/models.h>

#include <algorithm>
#include <cmath>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <unistd.h>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWavName = "audio_enhanced.wav";
constexpr const char* kReportName = "audio_enhanced.json";
constexpr std::int64_t kPiecesPerSecond = 3;
constexpr std::size_t kLargestReport = 64 * 1024;

std::int16_t to_int16(float v) {
    return static_cast<std::int16_t>(std::lrint(std::clamp(v * 32768.0F, -32768.0F, 32767.0F)));
}

Status write_facts(const std::string& folder, const EnhanceReport& report, const std::string& library) {
    auto file = AtomicFile::create(AT_FDCWD, fmt::format("{}/{}", folder, kReportName));
    if (!file) return fail(std::move(file).error());
    const nlohmann::ordered_json facts{{"model", report.model},
                                       {"sample_rate", report.sample_rate},
                                       {"provider", report.provider},
                                       {"rt_factor", report.rt_factor},
                                       {"library", "sherpa-onnx " + library}};
    ONETAKE_TRY(file->write(facts.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
    return file->commit();
}

DenoiserOptions denoiser_options(const EnhanceOptions& options) {
    DenoiserOptions o;
    o.model = options.model;
    o.threads = options.threads;
    o.provider = options.provider;
    o.attenuation_limit_db = options.attenuation_limit_db;
    o.cancel = options.cancel;
    return o;
}

}  // namespace

EnhanceOptions enhance_options(const RecorderConfig& c, const std::string& name) {
    const auto& e = c.enhance;
    // A variant's name, or none, stands for a model that was downloaded.
    return {take_folder(c.data_dir, name),
            find_denoise_model(e.model).value_or(e.model),
            e.num_threads,
            e.provider,
            e.attenuation_limit_db,
            {}};
}

Result<std::string> try_enhancement(const EnhanceOptions& options) {
    if (const auto model = find_denoise_model(options.model); !model) return fail(model.error());
    const auto denoiser = Denoiser::start(denoiser_options(options));
    if (!denoiser) return fail(denoiser.error());
    return denoiser->provider();
}

std::string provider_fallback(const EnhanceOptions& options, const std::string& provider) {
    if (provider.empty() || provider == options.provider) return {};
    return fmt::format("The model runs on {}: this sherpa-onnx can't use {} here.", provider, options.provider);
}

EnhanceJob::EnhanceJob(const EnhanceOptions& options, WavReader in, Denoiser denoiser, PartFile file, WavWriter out,
                       std::optional<VariableRateResampler> resampler)
    : options_(options),
      in_(std::move(in)),
      denoiser_(std::move(denoiser)),
      file_(std::move(file)),
      out_(std::move(out)),
      resampler_(std::move(resampler)) {
    piece_.channels = in_.channels();
}

Result<EnhanceJob> EnhanceJob::open(const EnhanceOptions& options) {
    const auto path = fmt::format("{}/{}", options.take_folder, track_path({TrackKind::audio, 1}));
    auto in = WavReader::open(path);
    if (!in) return fail(std::move(in).error());
    auto denoiser = Denoiser::start(denoiser_options(options));
    if (!denoiser) return fail(std::move(denoiser).error());
    std::optional<VariableRateResampler> resampler;
    if (in->sample_rate() != denoiser->sample_rate()) {
        auto made = VariableRateResampler::create(in->sample_rate(), in->channels(), denoiser->sample_rate());
        if (!made) return fail(std::move(made).error());
        resampler.emplace(std::move(*made));
    }
    auto file = PartFile::create(fmt::format("{}/{}", options.take_folder, kWavName), true);
    if (!file) return fail(std::move(file).error());
    auto wav = AppendFile::open_end(file->part_path());
    if (!wav) return fail(std::move(wav).error());
    auto out = WavWriter::write_to(std::move(*wav), denoiser->sample_rate(), 1);
    if (!out) return fail(std::move(out).error());
    return EnhanceJob(options, std::move(*in), std::move(*denoiser), std::move(*file), std::move(*out),
                      std::move(resampler));
}

Result<bool> EnhanceJob::advance() {
    const auto rate = in_.sample_rate();
    ONETAKE_TRY(in_.read(position_, rate / kPiecesPerSecond, piece_.samples));
    const auto count = static_cast<std::int64_t>(piece_.samples.size()) / in_.channels();
    if (count == 0) return false;
    piece_.begin = MediaTime(from_ticks(position_, rate));
    piece_.after_gap = position_ == 0;
    position_ += count;
    piece_.end = MediaTime(from_ticks(position_, rate));
    if (resampler_) {
        ONETAKE_TRY(resampler_->write(piece_, [this](std::span<const float> samples) { return denoise(samples); }));
    } else {
        converted_.resize(piece_.samples.size());
        std::ranges::transform(piece_.samples, converted_.begin(),
                               [](std::int16_t v) { return static_cast<float>(v) * (1.0F / 32768); });
        ONETAKE_TRY(denoise(converted_));
    }
    return true;
}

// Models take one channel: the mean of all.
Status EnhanceJob::denoise(std::span<const float> interleaved) {
    const auto channels = static_cast<std::size_t>(in_.channels());
    mono_.resize(interleaved.size() / channels);
    for (std::size_t i = 0; i < mono_.size(); ++i) {
        float sum = 0;
        for (std::size_t c = 0; c < channels; ++c) sum += interleaved[i * channels + c];
        mono_[i] = sum / static_cast<float>(channels);
    }
    ONETAKE_TRY(denoiser_.write(mono_, done_));
    return store();
}

Status EnhanceJob::store() {
    stored_.resize(done_.size());
    std::ranges::transform(done_, stored_.begin(), to_int16);
    done_.clear();
    return out_.write(stored_);
}

Status EnhanceJob::check_length() const {
    const auto raw = in_.frames();
    const double expected = static_cast<double>(raw) * denoiser_.sample_rate() / static_cast<double>(in_.sample_rate());
    if (raw != position_ || std::abs(static_cast<double>(out_.frames()) - expected) > 1)
        return fail(ErrorCode::io, fmt::format("{} has {} samples, of which {} were enhanced to {}.", in_.path(), raw,
                                               position_, out_.frames()));
    return {};
}

Result<EnhanceReport> EnhanceJob::finish() {
    if (resampler_)
        ONETAKE_TRY(resampler_->finish([this](std::span<const float> samples) { return denoise(samples); }));
    ONETAKE_TRY(denoiser_.finish(done_));
    ONETAKE_TRY(store());
    ONETAKE_TRY(check_length());
    ONETAKE_TRY(out_.refresh_header());

    EnhanceReport report;
    report.path = file_.path();
    report.model = fs::path(options_.model).filename().string();
    report.sample_rate = denoiser_.sample_rate();
    report.provider = denoiser_.provider();
    const double length = static_cast<double>(out_.frames()) / report.sample_rate;
    report.rt_factor = length > 0 ? to_seconds(denoiser_.busy()) / length : 0;
    // A crash in between must not leave one enhancement's report beside another's audio.
    ::unlink(fmt::format("{}/{}", options_.take_folder, kReportName).c_str());
    ONETAKE_TRY(file_.commit());
    ONETAKE_TRY(write_facts(options_.take_folder, report, denoiser_.library_version()));
    return report;
}

double EnhanceJob::fraction() const {
    const auto all = in_.frames();
    return all > 0 ? std::min(1.0, static_cast<double>(position_) / static_cast<double>(all)) : 1;
}

double EnhanceJob::behind_s() const {
    return static_cast<double>(in_.frames() - position_) / in_.sample_rate();
}

Result<EnhanceReport> enhance_take(const EnhanceOptions& options, const std::function<void(double)>& progress) {
    constexpr auto kReportEvery = std::chrono::milliseconds(500);
    auto track = EnhanceJob::open(options);
    if (!track) return fail(std::move(track).error());
    auto reported = host_now();
    for (;;) {
        if (options.cancel.stop_requested()) return fail(ErrorCode::cancelled, "Speech enhancement was cancelled.");
        const auto more = track->advance();
        if (!more) return fail(more.error());
        if (!*more) return track->finish();
        if (const auto now = host_now(); progress && now - reported >= kReportEvery) {
            reported = now;
            progress(track->fraction());
        }
    }
}

std::optional<EnhanceReport> stored_enhancement(const std::string& folder) {
    EnhanceReport report;
    report.path = fmt::format("{}/{}", folder, kWavName);
    const auto wav = WavReader::open(report.path);
    if (!wav) return std::nullopt;
    report.sample_rate = wav->sample_rate();
    report.rt_factor = std::numeric_limits<double>::quiet_NaN();
    const auto text = read_file(fmt::format("{}/{}", folder, kReportName), kLargestReport);
    const auto facts = nlohmann::json::parse(text.value_or(""), nullptr, false);
    if (!facts.is_object()) return report;
    if (const auto it = facts.find("model"); it != facts.end() && it->is_string()) report.model = *it;
    if (const auto it = facts.find("provider"); it != facts.end() && it->is_string()) report.provider = *it;
    if (const auto it = facts.find("rt_factor"); it != facts.end() && it->is_number()) report.rt_factor = *it;
    return report;
}

}  // namespace onetake
