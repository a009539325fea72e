#pragma once

#include "base/error.h"
#include "codec/variable_rate_resampler.h"
#include "container/part_file.h"
#include "enhance/denoiser.h"
#include "take/wav.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

struct RecorderConfig;

struct EnhanceOptions {
    std::string take_folder;
    std::string model;  ///< path of a DPDFNet model
    int threads = 1;
    std::string provider = "cpu";
    double attenuation_limit_db = 0;  ///< 0: none
    std::stop_token cancel;           ///< ends the enhancement, which then leaves no file
};

/// Options for enhancing a take as a recorder is configured.
EnhanceOptions enhance_options(const RecorderConfig& config, const std::string& name);

/// Starts the model and ends it again. Returns where it would run. Errors: those of Denoiser::start().
Result<std::string> try_enhancement(const EnhanceOptions& options);

/// A sentence for people if the model runs elsewhere than requested; else empty.
std::string provider_fallback(const EnhanceOptions& options, const std::string& provider);

struct EnhanceReport {
    std::string path;   ///< of audio_enhanced.wav
    std::string model;  ///< file name
    int sample_rate = 0;
    std::string provider;  ///< where the model ran; empty if unknown
    double rt_factor = 0;  ///< time the model took, over the length of the audio
};

/// Enhances audio.wav of a take into audio_enhanced.wav: one channel at the model's rate, aligned with the raw samples.
/// audio.wav may still grow. Until finish() the output has a temporary name, unique to this job; the destructor deletes
/// the file. Memory is bounded. Thread-bound.
class EnhanceJob {
 public:
    /// Errors: not_found without audio; those of the denoiser.
    static Result<EnhanceJob> open(const EnhanceOptions& options);

    /// Enhances the next piece of audio.wav, at most a third of a second. False: no more is stored yet.
    Result<bool> advance();
    /// After audio.wav is complete and advance() has read it to its end: writes the rest and renames the file.
    Result<EnhanceReport> finish();

    const std::string& growing_path() const { return file_.part_path(); }
    /// Samples in the growing file.
    std::int64_t samples() const { return out_.frames(); }
    /// How much of audio.wav, at its present length, has been read: 0 … 1.
    double fraction() const;
    /// Audio in audio.wav that was not read yet, in seconds.
    double behind_s() const;

 private:
    EnhanceJob(const EnhanceOptions& options, WavReader in, Denoiser denoiser, PartFile file, WavWriter out,
               std::optional<VariableRateResampler> resampler);
    Status denoise(std::span<const float> interleaved);
    Status store();
    Status check_length() const;

    EnhanceOptions options_;
    WavReader in_;
    Denoiser denoiser_;
    PartFile file_;
    WavWriter out_;                                   ///< writes file_
    std::optional<VariableRateResampler> resampler_;  ///< unset where the rates are the same
    std::int64_t position_ = 0;                       ///< next sample of in_
    TimedAudio piece_;
    std::vector<float> converted_, mono_, done_;
    std::vector<std::int16_t> stored_;
};

/// Makes audio_enhanced.wav of a complete take. `progress` is called with 0 … 1; may be empty.
Result<EnhanceReport> enhance_take(const EnhanceOptions& options, const std::function<void(double)>& progress);

/// The report on a take's stored audio_enhanced.wav; empty without that file.
std::optional<EnhanceReport> stored_enhancement(const std::string& take_folder);

}  // namespace onetake
