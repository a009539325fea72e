#pragma once

#include "base/error.h"
#include "enhance/sherpa_library.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// One stream through a DPDFNet model in this process, for the worker program: the output is aligned with the input
/// sample by sample. The model delays by 40 ms and the library withholds the last 40 ms; both are compensated here.
/// Thread-bound.
class SherpaDenoiser {
 public:
    /// Loads the model and runs 0.2 s through it. A bad model may crash the process instead of returning an error.
    static Result<SherpaDenoiser> open(const SherpaLibrary& library, const std::string& model, int threads,
                                       const std::string& provider);

    int sample_rate() const { return sample_rate_; }
    /// Processes mono samples and appends finished ones to `out`.
    Status write(std::span<const float> samples, std::vector<float>& out);
    /// Appends the remaining samples: the output is as long as the input. The next write() starts a new stream.
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
    std::int64_t delay_;    ///< samples by which the model's output is delayed
    std::int64_t to_drop_;  ///< output samples still to drop for alignment
    std::int64_t in_ = 0, out_ = 0;
};

}  // namespace onetake
