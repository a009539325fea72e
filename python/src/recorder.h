#pragma once

#include "interruptible.h"
#include "process_guard.h"

#include <onetake/recorder.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace onetake::python {

/// An AVRecorder as Python uses it: any thread may call anything; a call that can't run beside the present one raises
/// wrong_state.
class Recorder {
 public:
    Recorder(RecorderConfig config, std::uint64_t id);
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    /// Closes a running take.
    ~Recorder();

    /// The results are JSON objects (to_json(TakeResult)).
    std::string record(double duration_s, const std::string& name, bool make_mp4, bool enhance);
    void start(const std::string& name, bool make_mp4, bool enhance);
    std::string stop(bool make_mp4, bool enhance);
    std::string process(const std::string& name, bool make_mp4, std::optional<bool> enhance, bool force);
    void close();
    /// For the end of the interpreter: ends what is running, in whatever thread, and closes.
    void shut_down();
    bool is_recording() const;
    void request_stop();
    void cancel();
    /// The result of record() where it raises, as a JSON object; empty if there is none.
    std::string interrupted_result() const { return interrupted_result_; }

    void push_video(nb::handle frame, std::optional<double> t, int track, bool copy, std::string_view format);
    void push_audio(nb::handle samples, std::optional<double> t, int track);
    void push_data(nb::handle bytes, std::optional<double> t, int track);
    void mark(const std::string& text, std::optional<double> t);

    void watch(bool events, bool progress, bool enhanced_audio);

 private:
    std::unique_lock<std::mutex> alone(const char* call);
    std::stop_token new_cancel();

    ProcessGuard process_;
    std::uint64_t id_;
    std::optional<AVRecorder> recorder_;
    std::mutex control_;  // held by the calls that must not overlap
    mutable std::mutex cancel_mutex_;
    std::stop_source cancel_;  // of the present take's rendering
    std::string interrupted_result_;
};

}  // namespace onetake::python
