#pragma once

#include "base/error.h"
#include "base/time.h"
#include "enhance/worker_process.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace onetake {

struct DenoiserOptions {
    std::string model;                             ///< path of a DPDFNet model
    int threads = 1;                               ///< more than one was never faster
    std::string provider = "cpu";                  ///< where the model runs
    double attenuation_limit_db = 0;               ///< noise is lowered by at most this; 0: no limit
    Duration patience = std::chrono::seconds(60);  ///< for one answer of the worker
    std::function<bool()> cancelled;  ///< asked often while waiting; true: the call fails with cancelled. May be empty
};

/// One stream of mono sound through a DPDFNet model, run by a worker process: whatever the model does, it can't hurt
/// this one. What comes out lies sample by sample on what went in, about 50 ms later. Thread-bound.
class Denoiser {
 public:
    /// Starts the worker, loads the model, and runs a little sound through it. Errors: missing_part without library or
    /// program; not_found, corrupt for a bad model; io where the worker died of it.
    static Result<Denoiser> start(const DenoiserOptions& options);
    /// The version of sherpa-onnx that would be used, found by starting the worker; else why there is none.
    static Result<std::string> probe();

    /// Hz, of what goes in and comes out.
    int sample_rate() const { return sample_rate_; }
    const std::string& library_version() const { return library_; }
    /// Takes samples in [-1, 1] (a NaN or infinity counts as silence; what is absurdly loud is cut off) and appends
    /// those that are done to `out`.
    Status write(std::span<const float> samples, std::vector<float>& out);
    /// Appends the rest, so that as many came out as went in.
    Status finish(std::vector<float>& out);
    /// Time spent waiting for the model so far.
    Duration busy() const { return busy_; }
    pid_t worker_pid() const { return worker_.pid(); }

 private:
    Denoiser(WorkerProcess worker, const DenoiserOptions& options);
    Status ask(worker::Kind kind, std::span<const float> samples, std::vector<float>& out);

    WorkerProcess worker_;
    WorkerPatience patience_;
    std::string library_;
    int sample_rate_ = 0;
    float kept_ = 0;  ///< share of the input in the output
    std::vector<float> clean_;
    std::vector<float> waiting_;  ///< input whose output has not come yet; only where some of it is kept
    std::vector<std::byte> body_;
    Duration busy_{};
};

}  // namespace onetake
