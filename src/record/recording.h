#pragma once

#include "base/mutex.h"
#include "media/source.h"
#include "media/timestamp_validator.h"
#include "record/start_barrier.h"
#include "sink/take_sink.h"
#include "sink/track_input.h"

#include <onetake/config.h>
#include <onetake/metrics.h>
#include <onetake/recorder.h>

#include <memory>
#include <string>
#include <vector>

namespace onetake {

/// One take while it is recorded: its sources and its sink.
class Recording {
 public:
    /// Opens the devices, creates the take and starts recording.
    static Result<std::unique_ptr<Recording>> start(const RecorderConfig& config, const std::string& name);
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording();

    /// Stops sources, pool, writer, in this order. Once.
    void end_capture();
    /// Whether anything was stored. After end_capture().
    bool has_media() const;
    /// The capture window. After end_capture().
    Duration length() const { return end_ - start_; }
    /// Closes the take. Once, after end_capture().
    Result<TakeResult> close();

    // Pushed media; see AVRecorder. Thread-safe.
    Status push(Frame frame, std::optional<double> t, int track);
    Status push(AudioBlock block, std::optional<double> t, int track);
    /// A pooled buffer for a frame to push.
    Result<Buffer> buffer(std::size_t bytes, int track);

    /// Whether the disk is full or can't be written; the take must be closed then.
    bool ended_early() const { return sink_->ended_early(); }
    /// Readable from then on, for poll().
    int ended_early_fd() const { return ended_early_.get(); }

    Progress progress();
    const std::string& name() const { return sink_->take().name(); }

 private:
    struct PushedVideo {
        explicit PushedVideo(VideoTrackInput& to) : input(&to) {}
        VideoTrackInput* const input;
        Mutex mutex;  // held per frame, so that stamps and order agree
        TimestampValidator validator ONETAKE_GUARDED_BY(mutex);
        int width ONETAKE_GUARDED_BY(mutex) = 0;
        int height ONETAKE_GUARDED_BY(mutex) = 0;
    };
    struct PushedAudio {
        explicit PushedAudio(AudioTrackInput& to) : input(&to) {}
        AudioTrackInput* const input;
        Mutex mutex;
        TimestampValidator validator ONETAKE_GUARDED_BY(mutex);
    };

    explicit Recording(const RecorderConfig& config);
    Status open_devices();
    Status open_test_source();
    void describe_pushed();
    Status open_sink(const std::string& name);
    /// Writes the configured and the calibrated audio offset into the take.
    Status write_offsets();
    Status start_sources();
    void stop_sources();

    const RecorderConfig config_;
    const UniqueFd ended_early_;  // an eventfd
    SystemClock clock_;           // of the test source
    std::vector<std::unique_ptr<VideoSource>> cameras_;
    std::vector<std::unique_ptr<AudioSource>> microphones_;
    std::vector<VideoDescription> video_descriptions_;
    std::vector<AudioDescription> audio_descriptions_;
    std::vector<std::string> notes_;  // from before the sink was created

    std::unique_ptr<TakeSink> sink_;
    std::unique_ptr<StartBarrier> start_barrier_;
    std::vector<std::unique_ptr<BarrierVideoReceiver>> video_receivers_;
    std::vector<std::unique_ptr<BarrierAudioReceiver>> audio_receivers_;
    std::vector<std::unique_ptr<PushedVideo>> pushed_videos_;
    std::vector<std::unique_ptr<PushedAudio>> pushed_audios_;
    bool finished_ = false;

    HostTime start_, end_;
    // of the last progress()
    HostTime progress_time_;
    std::uint64_t progress_frames_ = 0, progress_bytes_ = 0;
    double progress_fps_ = 0, progress_bytes_per_s_ = 0;
};

}  // namespace onetake
