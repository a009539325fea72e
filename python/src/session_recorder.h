#pragma once

#include "config.h"
#include "given_frame.h"
#include "interruptible.h"
#include "process_guard.h"

#include <onetake/video_recorder.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onetake::python {

/// A VideoRecorder that a forked child neither uses nor destroys.
class SessionRecorder {
 public:
    explicit SessionRecorder(VideoRecordingConfig config)
        : recorder_(value(VideoRecorder::create(std::move(config)))) {}
    SessionRecorder(const SessionRecorder&) = delete;
    SessionRecorder& operator=(const SessionRecorder&) = delete;
    ~SessionRecorder() {
        if (process_.in_child()) {
            new std::shared_ptr<VideoRecorder>(std::move(recorder_));
            return;
        }
        const nb::gil_scoped_release release;
        recorder_.reset();
    }

    std::uint64_t start(const std::string& session_id) {
        process_.check();
        release_queued();
        Result<VideoRecordingHandle> handle;
        {
            const nb::gil_scoped_release release;
            handle = recorder_->start(session_id);
        }
        return value(std::move(handle)).number;
    }

    void tap_frame(std::uint64_t number, nb::handle frame, std::optional<double> t, bool copy, std::string_view format,
                   bool limited) {
        process_.check();
        release_queued();
        GivenFrame given(frame, t, copy, format, limited);
        Status status;
        {
            const nb::gil_scoped_release release;
            status = recorder_->tap_frame({{}, number}, given.frame(), given.owner());
        }
        value(std::move(status));
    }

    std::string stop(std::uint64_t number) {
        process_.check();
        Result<VideoRecordingResult> result;
        {
            const nb::gil_scoped_release release;
            result = recorder_->stop({{}, number});
        }
        release_queued();
        return to_json(value(std::move(result)));
    }

    std::vector<std::string> close() {
        process_.check();
        std::vector<VideoRecordingResult> results;
        {
            const nb::gil_scoped_release release;
            results = recorder_->close();
        }
        release_queued();
        std::vector<std::string> texts;
        for (const auto& result : results) texts.push_back(to_json(result));
        return texts;
    }

    std::string record(const std::string& session_id, const Settings& source, double duration_s) {
        process_.check();
        const auto config = config_from(source, nb::none(), nb::none());
        std::stop_source stop;
        return to_json(value(run_interruptible(
            [&] { return recorder_->record(session_id, config.video.at(0), duration_s, stop.get_token()); },
            [&] { stop.request_stop(); })));
    }

    /// For recorders of rooms.
    std::shared_ptr<VideoRecorder> shared() const { return recorder_; }

    void shut_down() {
        if (process_.in_child()) return;
        static_cast<void>(close());
    }

 private:
    ProcessGuard process_;
    std::shared_ptr<VideoRecorder> recorder_;
};

}  // namespace onetake::python
