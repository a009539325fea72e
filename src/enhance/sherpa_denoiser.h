#pragma once

#include "base/error.h"
#include "enhance/sherpa_library.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// One stream through a DPDFNet model in this process, for the worker program: what comes out lies sample by sample on
/// what went in. The model delays by 40 ms and the library keeps the last 40 ms to itself; both are made good here.
/// Thread-bound.
class SherpaDenoiser {
 public:
    /// Loads the model and runs 0.2 s through it. A bad model may end the process instead of giving an error.
    static Result<SherpaDenoiser> open(const SherpaLibrary& library, const std::string& model, int threads,
                                       const std::string& provider);

    int sample_rate() const { return sample_rate_; }
    /// Takes mono samples and appends those that are done to `out`.
    Status write(std::span<const float> samples, std::vector<float>& out);
    /// Appends the rest: as many came out in all as went in. The next write() begins a new stream.
    Status finish(std::vector<float>& out);

 private:
    using Handle =
        std::unique_ptr<const SherpaOnnxOnlineSpeechDenoiser, decltype(&SherpaOnnxDestroyOnlineSpeechDenoiser)>;
    SherpaDenoiser(const SherpaLibrary& library, Handle handle, std::string model, int sample_rate);
    Status preflight();
    Status run(std::span<const float> samples, std::vector<float>& out);
    Status take(const SherpaOnnxDenoisedAudio* audio, std::vector<float>& out);

    const SherpaLibrary* library_;
    Handle handle_;
    std::string model_;
    int sample_rate_;
    std::int64_t delay_;    ///< samples by which the model's output is late
    std::int64_t to_drop_;  ///< of the output, before the first sample's place
    std::int64_t in_ = 0, out_ = 0;
};

}  // namespace onetake
