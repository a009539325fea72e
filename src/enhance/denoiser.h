#pragma once

#include "base/error.h"
#include "base/time.h"
#include "enhance/worker_process.h"

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace onetake {

struct DenoiserOptions {
    std::string model;                            ///< path of a DPDFNet model
    int threads = 1;                              ///< more than one was never faster in tests
    std::string provider = "cpu";                 ///< where the model runs
    double attenuation_limit_db = 0;              ///< noise is reduced by at most this; 0: no limit
    Duration timeout = std::chrono::seconds(60);  ///< of one reply of the worker
    std::stop_token cancel;                       ///< the call that waits fails with `cancelled`
};

/// One stream of mono audio through a DPDFNet model in a worker process, so that a faulty model can't crash this one.
/// The output is aligned with the input sample by sample and available about 50 ms later. Thread-bound.
class Denoiser {
 public:
    /// Starts the worker, loads the model, and runs a short test signal through it. Errors: missing_part without
    /// library or program; not_found, corrupt for a bad model; io if the model crashed the worker.
    static Result<Denoiser> start(const DenoiserOptions& options);
    /// The version of sherpa-onnx that would be used, determined by starting the worker; else why there is none.
    static Result<std::string> probe();

    /// Hz, of input and output.
    int sample_rate() const { return sample_rate_; }
    const std::string& library_version() const { return library_; }
    /// Where the model runs: as requested, or "cpu" where that is not available.
    const std::string& provider() const { return provider_; }
    /// Processes samples in [-1, 1] (NaN and infinity count as silence, extreme values are clipped) and appends
    /// finished ones to `out`.
    Status write(std::span<const float> samples, std::vector<float>& out);
    /// Appends the remaining samples, so that the output is as long as the input.
    Status finish(std::vector<float>& out);
    /// Time spent waiting for the model so far.
    Duration busy() const { return busy_; }
    pid_t worker_pid() const { return worker_.pid(); }

 private:
    Denoiser(WorkerProcess worker, const DenoiserOptions& options);
    Status request(worker::Kind kind, std::span<const float> samples, std::vector<float>& out);

    WorkerProcess worker_;
    WaitOptions wait_options_;
    std::string library_, provider_;
    int sample_rate_ = 0;
    float dry_share_ = 0;  ///< share of unprocessed input in the output
    std::vector<float> clean_;
    std::vector<float> pending_input_;  ///< input whose output is pending; only used if dry_share_ > 0
    std::vector<std::byte> body_;
    Duration busy_{};
};

}  // namespace onetake
