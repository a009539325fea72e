#include "record/video_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "inspect/stored_take.h"
#include "record/finish_take.h"
#include "record/pushed_frame.h"
#include "record/try_outputs.h"
#include "record/work_take.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>
#include <utility>

namespace onetake {

namespace {

// A take with one video track, encoded, whose file lies beside it.
RecorderConfig recorder_config(const VideoRecordingConfig& video, const std::string& session_id,
                               const std::optional<VideoTrackConfig>& source) {
    RecorderConfig c;
    VideoTrackConfig track;
    track.source = SourceKind::external;
    track.label = session_id;
    track.fps = video.fps;
    c.video = {source.value_or(track)};
    c.audio.clear();
    c.store.codec = video.codec;
    c.store.preset = video.preset;
    c.store.crf = video.crf;
    c.store.bitrate = video.bitrate;
    c.store.keyframe_s = video.keyframe_s;
    c.store.queue_size = video.queue_size;
    c.store.on_full = video.on_full;
    c.encode.container = video.format;
    c.data_dir = c.processed_dir = video.storage;
    return c;
}

}  // namespace

Result<std::unique_ptr<VideoSession>> VideoSession::start(const VideoRecordingConfig& config,
                                                          const std::string& session_id,
                                                          const std::optional<VideoTrackConfig>& source,
                                                          EventCallback on_event) {
    std::unique_ptr<VideoSession> session(new VideoSession(config, session_id));
    ONETAKE_TRY(session->begin(source, std::move(on_event)));
    return session;
}

Status VideoSession::begin(const std::optional<VideoTrackConfig>& source, EventCallback on_event) {
    is_tapped_ = !source;
    config_ = recorder_config(video_, id_, source);
    events_.set(std::move(on_event));
    auto names = TakeNames::of_session(id_, video_.storage, extension_of(video_.format));
    if (!names) return fail(std::move(names).error());
    auto notes = try_outputs(config_, names->current(), {});
    if (!notes) return fail(std::move(notes).error());
    auto recording = Recording::start(config_, {std::move(*names),
                                                std::move(*notes),
                                                [this](const RecorderEvent& event) { events_.post(event); },
                                                true,
                                                video_.pixel_range,
                                                false,
                                                {},
                                                true});
    if (!recording) return fail(std::move(recording).error());
    recording_ = std::move(*recording);
    const OutputCallbacks callbacks{{}, {}, [this](EventKind kind, const std::string& text) {
                                        events_.post({kind, to_seconds(host_now().time_since_epoch()), "", 0, text});
                                    }};
    outputs_.emplace(config_, recording_->name(), callbacks, std::stop_token());
    outputs_->start_live(true, false, {});
    gate_.open();
    return {};
}

VideoSession::~VideoSession() {
    if (!recording_ || stopped_) return;
    if (const auto stopped = stop(); !stopped) log().error("{}", stopped.error().message);
}

Status VideoSession::tap(const VideoFrame& frame, std::shared_ptr<const void> owner) {
    if (!is_tapped_)
        return fail(ErrorCode::refused, fmt::format("The recording of {} gets its frames from a camera or the test "
                                                    "source; no others can be tapped.",
                                                    id_));
    if (!gate_.enter())
        return fail(ErrorCode::refused,
                    fmt::format("The recording of {} is being stopped; the frame is not stored.", id_));
    ++taps_;
    auto status = push(frame, std::move(owner));
    gate_.leave();
    return status;
}

Status VideoSession::push(const VideoFrame& frame, std::shared_ptr<const void> owner) {
    if (frame.format != VideoFrameFormat::jpeg && !image_format(frame.format)) {
        if (skipped_++ == 0)
            log().debug("{}: {} frames are skipped; only raw ones and JPEGs are recorded.", id_,
                        to_string(frame.format));
        return {};
    }
    const double t = time_of(frame);
    const double at = first_ ? (t - *first_) * video_.fps : 0;
    const bool has_places = video_.format == ContainerFormat::avi && std::abs(at) < 1e15;
    if (has_places && place_ == std::llround(at)) {
        ++surplus_;
        return {};
    }
    const auto source = recording_->pushed_video(0);
    if (!source) return fail(source.error());
    auto converted = frame_of(frame, std::move(owner), **source);
    if (converted) converted = to_bt601(std::move(*converted), *converted_);
    if (!converted) return fail(std::move(converted).error());
    ONETAKE_TRY((*source)->push(std::move(*converted), t));
    if (frame.t) {
        anchor_ = t;
        since_anchor_ = 0;
    }
    if (!first_) first_ = t;
    if (has_places) place_ = std::llround(at);
    return {};
}

double VideoSession::time_of(const VideoFrame& frame) {
    if (frame.t) return *frame.t;
    if (anchor_)
        ++since_anchor_;
    else
        anchor_ = to_seconds(host_now().time_since_epoch());
    return *anchor_ + static_cast<double>(since_anchor_) / video_.fps;
}

Result<VideoRecordingResult> VideoSession::stop() {
    stopped_ = true;
    const bool early = recording_->ended_early();
    // A full disk's last space is needed to close the take.
    if (early) outputs_->abandon_live();
    recording_->end_capture();  // ends the waits of a thread that the gate admitted
    gate_.close();
    auto take = finish_take(*recording_, *outputs_, true, false);
    if (!take) {
        events_.flush();
        return fail(std::move(take).error());
    }
    auto result = result_of(*take);
    outputs_.reset();
    settle(*take, result);
    events_.flush();
    return result;
}

VideoRecordingResult VideoSession::result_of(const TakeResult& take) const {
    VideoRecordingResult r;
    const auto& m = take.metrics;
    r.session_id = id_;
    r.codec = m.frames > 0 ? m.encoder : "";
    r.frames = take.mp4_frames;
    r.skipped = skipped_;
    r.surplus = surplus_;
    std::uint64_t delivered = 0, stored = 0;
    for (const auto& counters : m.counters) {
        delivered += counters.expected;
        stored += counters.written;
        r.dropped += counters.dropped_queue;
        r.lost += counters.lost() - counters.dropped_queue;
    }
    if (!take.mp4_path.empty()) r.lost += stored - std::min(stored, r.frames);
    r.tapped = is_tapped_ ? taps_ : delivered;
    r.refused = is_tapped_ ? taps_ - skipped_ - surplus_ - std::min(delivered, taps_ - skipped_ - surplus_) : 0;
    r.loss_bound_s = m.loss_bound_s;
    r.notes = m.notes;
    r.failures = take.failures;
    if (!m.ended_early.empty()) r.failures.push_back(fmt::format("The recording ended early: {}", m.ended_early));
    if (r.frames > 0 && video_.format == ContainerFormat::avi)
        r.notes.push_back(
            fmt::format("AVI has a constant frame rate only: each frame is at the nearest 1/{} s.", video_.fps));
    return r;
}

void VideoSession::settle(TakeResult& take, VideoRecordingResult& result) const {
    auto file = settle_work_take(*recording_, video_.storage, take, video_.keep_take, std::move(result.failures));
    result.path = std::move(file.path);
    result.take = std::move(file.take);
    result.bytes = file.bytes;
    result.duration_s = file.duration_s;
    result.width = file.width;
    result.height = file.height;
    result.failures = std::move(file.failures);
    for (auto& note : file.notes) result.notes.push_back(std::move(note));
    // A session whose frames are tapped may have none; a camera was opened for a file.
    if (is_tapped_ || !result.path.empty() || !result.failures.empty()) return;
    for (const auto& silence : recording_->silent_cameras(take.metrics))
        result.failures.push_back(fmt::format("No file was made: {}", silence));
    if (result.failures.empty())
        result.failures.push_back(
            fmt::format("No file was made: none of {} could be stored.", counted(result.tapped, "frame")));
}

}  // namespace onetake
