#include "input/media_input.h"

#include "base/redact.h"
#include "capture/bounded_call.h"
#include "codec/av_log.h"
#include "input/input_delivery.h"

#include <atomic>
#include <fmt/format.h>
#include <limits>
#include <thread>
#include <utility>

namespace onetake {

namespace {

using namespace std::chrono_literals;

constexpr auto kReaderEnds = 1500ms;  // a name server that does not answer can't be interrupted
constexpr auto kLookEvery = 200ms;
constexpr int kUsualBlock = 1024;  // samples
constexpr int kMostInputChannels = 8;

enum class TrackState { idle, running, stopped };

}  // namespace

// An opened input and its threads; shared by its sources. All calls are the owner's, but for the threads' own.
class OpenInput {
 public:
    OpenInput(InputAddress address, InputReader reader, std::shared_ptr<InputInterrupt> interrupt)
        : address_(std::move(address)), interrupt_(std::move(interrupt)), reader_(std::move(reader)) {}
    OpenInput(const OpenInput&) = delete;
    OpenInput& operator=(const OpenInput&) = delete;
    ~OpenInput() { shut_down(); }

    void has_video() {
        outlets_.video = std::make_shared<Outlet<VideoReceiver>>();
        video_ = TrackState::idle;
    }
    void has_audio(int sample_rate, int channels) {
        outlets_.audio = std::make_shared<Outlet<AudioReceiver>>();
        outlets_.sample_rate = sample_rate;
        outlets_.channels = channels;
        audio_ = TrackState::idle;
    }
    Status start(VideoReceiver& receiver) { return start(*outlets_.video, receiver, video_); }
    Status start(AudioReceiver& receiver) { return start(*outlets_.audio, receiver, audio_); }
    void stop_video() { stop(*outlets_.video, video_); }
    void stop_audio() { stop(*outlets_.audio, audio_); }

 private:
    template <class Receiver>
    Status start(Outlet<Receiver>& outlet, Receiver& receiver, std::atomic<TrackState>& state);
    template <class Receiver>
    void stop(Outlet<Receiver>& outlet, std::atomic<TrackState>& state);
    void run_if_ready();
    void shut_down();
    void deliver(std::optional<HostTime> begin);
    bool any(TrackState state) const { return video_ == state || audio_ == state; }

    const InputAddress address_;
    const std::shared_ptr<InputInterrupt> interrupt_;
    const std::shared_ptr<PacketQueue> queue_ = std::make_shared<PacketQueue>();
    InputOutlets outlets_;
    std::atomic<TrackState> video_ = TrackState::stopped, audio_ = TrackState::stopped;
    Mutex mutex_;  // sources of one input may be started and stopped by several threads
    std::optional<InputReader> reader_ ONETAKE_GUARDED_BY(mutex_);  // until the reading thread has it
    std::optional<BoundedCall> reading_ ONETAKE_GUARDED_BY(mutex_);
    std::thread delivering_ ONETAKE_GUARDED_BY(mutex_);
};

template <class Receiver>
Status OpenInput::start(Outlet<Receiver>& outlet, Receiver& receiver, std::atomic<TrackState>& state) {
    auto idle = TrackState::idle;
    if (!state.compare_exchange_strong(idle, TrackState::running))
        return fail(ErrorCode::wrong_state, fmt::format("{} was started before: an input runs once. Open it again.",
                                                        redacted(address_.source)));
    outlet.start(receiver);
    run_if_ready();
    return {};
}

template <class Receiver>
void OpenInput::stop(Outlet<Receiver>& outlet, std::atomic<TrackState>& state) {
    if (state.exchange(TrackState::stopped) == TrackState::stopped) return;
    if (!any(TrackState::running) && !any(TrackState::idle)) {
        interrupt_->stopping = true;
        queue_->close();
    }
    outlet.stop();
    if (any(TrackState::idle)) return;
    if (any(TrackState::running))
        run_if_ready();
    else
        shut_down();
}

void OpenInput::run_if_ready() {
    MutexLock lock(mutex_);
    if (any(TrackState::idle) || !any(TrackState::running) || !reader_) return;
    auto begin = address_.options.begin;
    if (!begin && !reader_->pipe()) begin = host_now();
    auto feed = std::make_shared<InputFeed>(address_, std::move(*reader_), interrupt_, queue_);
    reader_.reset();
    reading_.emplace(BoundedCall::begin([feed] { feed->run(); }));
    delivering_ = std::thread([this, begin] { deliver(begin); });
}

void OpenInput::shut_down() {
    interrupt_->stopping = true;
    queue_->close();
    std::thread delivering;
    std::optional<BoundedCall> reading;
    {
        MutexLock lock(mutex_);
        delivering = std::move(delivering_);
        if (reading_) reading.emplace(std::move(*reading_));
        reading_.reset();
    }
    if (delivering.joinable()) delivering.join();
    if (reading) reading->wait_until(host_now() + kReaderEnds);
}

void OpenInput::deliver(std::optional<HostTime> begin) {
    InputDelivery delivery(address_, outlets_, begin);
    while (!interrupt_->stopping && !delivery.ended()) {
        if (auto item = queue_->take(kLookEvery)) delivery.take(std::move(*item));
        delivery.look(host_now());
    }
    // Of an input that ended by itself nothing more is wanted.
    interrupt_->stopping = true;
    queue_->close();
}

namespace {

class InputVideo final : public VideoSource {
 public:
    InputVideo(std::shared_ptr<OpenInput> input, VideoDescription description)
        : input_(std::move(input)), description_(std::move(description)) {}
    InputVideo(const InputVideo&) = delete;
    InputVideo& operator=(const InputVideo&) = delete;
    ~InputVideo() override { input_->stop_video(); }
    const VideoDescription& description() const override { return description_; }
    Status start(VideoReceiver& receiver) override { return input_->start(receiver); }
    void stop() override { input_->stop_video(); }
    double grab_ms_mean() const override { return std::numeric_limits<double>::quiet_NaN(); }

 private:
    const std::shared_ptr<OpenInput> input_;
    const VideoDescription description_;
};

class InputAudio final : public AudioSource {
 public:
    InputAudio(std::shared_ptr<OpenInput> input, AudioDescription description)
        : input_(std::move(input)), description_(std::move(description)) {}
    InputAudio(const InputAudio&) = delete;
    InputAudio& operator=(const InputAudio&) = delete;
    ~InputAudio() override { input_->stop_audio(); }
    const AudioDescription& description() const override { return description_; }
    Status start(AudioReceiver& receiver) override { return input_->start(receiver); }
    void stop() override { input_->stop_audio(); }

 private:
    const std::shared_ptr<OpenInput> input_;
    const AudioDescription description_;
};

InputAddress address_of(const std::string& source, const MediaInputOptions& options) {
    if (source.starts_with("sdp:")) return {InputKind::sdp, source.substr(4), options};
    const bool url = source.find("://") != source.npos;
    return {url ? InputKind::rtsp : InputKind::file, source, options};
}

VideoDescription video_description(const StreamParams& params, const std::string& name, const std::string& format) {
    VideoDescription d;
    d.device = name;
    d.name = fmt::format("{}, {}", format, params.codec);
    d.width = params.width;
    d.height = params.height;
    d.fps = params.fps;
    d.color = params.color;
    return d;
}

AudioDescription audio_description(const StreamParams& params, const std::string& name, const std::string& format) {
    AudioDescription d;
    d.device = name;
    d.name = fmt::format("{}, {}", format, params.codec);
    d.sample_rate = params.sample_rate;
    d.channels = params.channels;
    d.blocksize = params.frame_size > 0 ? params.frame_size : kUsualBlock;
    d.stamps = StampKind::capture;
    return d;
}

}  // namespace

Result<MediaInput> open_media_input(const std::string& source, const MediaInputOptions& options) {
    route_av_log();
    auto address = address_of(source, options);
    MediaInput made;
    made.name = redacted(source);
    made.live = address.live();
    if (address.kind == InputKind::rtsp && !source.starts_with("rtsp://") && !source.starts_with("rtsps://"))
        return fail(ErrorCode::unsupported,
                    fmt::format("{} can't be read: of URLs only rtsp:// and rtsps:// are.", made.name));
    auto interrupt = std::make_shared<InputInterrupt>();
    auto reader = InputReader::open(address.kind, address.source, options.limits, interrupt);
    if (!reader) return fail(std::move(reader).error());
    const auto streams = reader->streams();
    const auto format = reader->format();
    const auto usable = [&](int stream) {
        const auto& p = streams[static_cast<std::size_t>(stream)];
        return p.kind == TrackKind::video || (p.sample_rate > 0 && p.channels > 0 && p.channels <= kMostInputChannels);
    };
    const int video = options.video ? first_stream(streams, TrackKind::video) : -1;
    int audio = options.audio ? first_stream(streams, TrackKind::audio) : -1;
    if (audio >= 0 && !usable(audio)) audio = -1;
    if (video < 0 && audio < 0)
        return fail(ErrorCode::unsupported, fmt::format("{} has no {} that can be read.", made.name,
                                                        !options.video   ? "audio"
                                                        : !options.audio ? "video"
                                                                         : "video and no audio"));
    address.options.video = video >= 0;
    address.options.audio = audio >= 0;
    const auto input = std::make_shared<OpenInput>(std::move(address), std::move(*reader), std::move(interrupt));
    if (video >= 0) {
        const auto& params = streams[static_cast<std::size_t>(video)];
        input->has_video();
        made.video = std::make_unique<InputVideo>(input, video_description(params, made.name, format));
    }
    if (audio >= 0) {
        const auto& params = streams[static_cast<std::size_t>(audio)];
        input->has_audio(params.sample_rate, params.channels);
        made.audio = std::make_unique<InputAudio>(input, audio_description(params, made.name, format));
    }
    return made;
}

}  // namespace onetake
