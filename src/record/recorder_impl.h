#pragma once

#include "base/mutex.h"
#include "base/wake_event.h"
#include "record/event_queue.h"
#include "record/recording.h"
#include "record/take_outputs.h"
#include "record/ticker.h"

#include <onetake/recorder.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace onetake {

class AVRecorder::Impl {
 public:
    Impl(RecorderConfig config, WakeEvent wake) : config_(std::move(config)), wake_(std::move(wake)) {}

    /// `length` of the take, if it is known.
    Status start(const StartOptions& options, Duration length);
    Result<TakeResult> stop(bool make_mp4, bool enhance);
    Result<TakeResult> process(const std::string& name, const ProcessOptions& options);
    Status close();

    /// Null if no take is being recorded.
    std::shared_ptr<Recording> recording() const {
        MutexLock lock(mutex_);
        return recording_;
    }
    /// The take that is being recorded, for `call`. Errors: wrong_state.
    Result<std::shared_ptr<Recording>> running(std::string_view call) const;
    /// Returns at `until`, after request_stop(), or when nothing more can be stored.
    void wait(HostTime until);
    void request_stop() noexcept;

    void set_on_event(EventCallback callback);
    void set_on_progress(ProgressCallback callback);
    void set_on_enhanced_audio(EnhancedAudioCallback callback);
    const RecorderConfig& config() const { return config_; }

 private:
    /// Errors: wrong_state in a callback, and after close().
    Status check_state(std::string_view call) const;
    void note(EventKind kind, std::string text);
    void forget_requests();
    TakeOutputs outputs_of(const std::string& name, std::stop_token cancel);
    template <class... Args>
    std::function<void(Args...)> guard(std::function<void(Args...)> callback, const char* name);

    const RecorderConfig config_;
    const WakeEvent wake_;  // woken by request_stop()
    EventQueue events_;
    ProgressCallback progress_;
    EnhancedAudioCallback enhanced_audio_;
    bool closed_ = false;
    mutable Mutex mutex_;
    std::shared_ptr<Recording> recording_ ONETAKE_GUARDED_BY(mutex_);  // shared with pushing threads
    std::optional<TakeOutputs> outputs_;                               // of the take that is being recorded
    std::unique_ptr<Ticker> ticker_;
};

}  // namespace onetake
