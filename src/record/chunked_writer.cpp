#include "base/clock.h"
#include "base/log.h"
#include "record/callback_guard.h"
#include "record/chunk_session.h"
#include "record/pushed_frame.h"
#include "record/stream_settings.h"
#include "take/take_files.h"

#include <onetake/chunked_writer.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace onetake {

namespace {

constexpr double kLatest = 1e10;  // seconds, so that conversions can't overflow

}  // namespace

/// The streams of a ChunkedWriter while they are recorded.
class ChunkedWriterImpl {
 public:
    explicit ChunkedWriterImpl(ChunkedWriterConfig config) : config_(std::move(config)) {}
    ~ChunkedWriterImpl() {
        if (session_ && !stopped_)
            if (const auto result = stop({}); !result) log().error("{}", result.error().message);
    }
    ChunkedWriterImpl(const ChunkedWriterImpl&) = delete;
    ChunkedWriterImpl& operator=(const ChunkedWriterImpl&) = delete;

    Status prepare();
    Status start();
    Result<ChunkedResult> stop(const ProgressCallback& on_progress);
    Result<std::size_t> find(std::string_view name) const;
    bool is_data(std::string_view name) const;
    Status push(std::size_t index, std::span<const std::uint8_t> bytes, double t, std::shared_ptr<const void> owner,
                int stride);
    Status push_audio(std::size_t index, std::span<const std::int16_t> samples, double t);
    Status push_audio(std::size_t index, std::span<const float> samples, double t) {
        return push_audio(index, std::span<const std::int16_t>(samples_of(samples)), t);
    }
    Status mark(std::string_view text, double t);
    const InFlightLimit& limit(std::size_t index) const { return session_->limit(streams_[index].track); }
    const std::string& name_of(std::size_t index) const { return streams_[index].name; }
    bool is_running() const { return session_ && !stopped_; }

 private:
    struct Stream {
        std::string name;
        TrackId track;
        PixelFormat format = PixelFormat::rgb24;  // of pushed frames
        ColorRange range = ColorRange::full;
        int width = 0, height = 0, channels = 1;
        std::atomic<std::uint64_t> refused{0};
    };

    double host_seconds(double t) const;
    Status refuse(Stream& stream, Status status);
    template <class Push>
    Status admit(std::size_t index, TrackKind kind, double t, Push&& push);
    void report_encoder_error(const std::string& stream);

    const ChunkedWriterConfig config_;
    ChunkSessionOptions options_;  // until start()
    std::deque<Stream> streams_;   // in the order of the configuration
    std::unique_ptr<ChunkSession> session_;
    std::atomic<bool> running_{false};
    bool stopped_ = false;
    Duration to_host_{};  // added to times of the program's clock
    EventQueue errors_;   // of encoders, for on_error
};

Status ChunkedWriterImpl::prepare() {
    const auto refuse = [](std::string text) { return fail(ErrorCode::invalid_argument, std::move(text)); };
    ONETAKE_TRY(check_take_name(config_.name));
    if (config_.name.front() == '.')
        return refuse(fmt::format("name is \"{}\"; it must not begin with a dot.", config_.name));
    if (config_.output_directory.empty()) return refuse("output_directory is empty; \".\" is the current one.");
    if (!(config_.chunk_length_s >= 0.001 && config_.chunk_length_s <= 1e6))
        return refuse(fmt::format("chunk_length_s is {}; allowed: 0.001 to 1000000.", config_.chunk_length_s));
    if (config_.max_encoder_queue_size < 1 || config_.max_encoder_queue_size > 10000)
        return refuse(
            fmt::format("max_encoder_queue_size is {}; allowed: 1 to 10000.", config_.max_encoder_queue_size));
    if (!(config_.stall_timeout_s >= 0.1 && config_.stall_timeout_s <= 1e6))
        return refuse(fmt::format("stall_timeout_s is {}; allowed: 0.1 to 1000000.", config_.stall_timeout_s));
    if (config_.stream_configs.empty() && config_.sensor_stream_configs.empty())
        return refuse("stream_configs and sensor_stream_configs are empty: nothing to record.");

    auto& o = options_;
    o.directory = (std::filesystem::path(config_.output_directory) / config_.name).string();
    o.name = config_.name;
    o.length = std::chrono::milliseconds(std::llround(config_.chunk_length_s * 1000));
    o.stall_timeout = duration_from_seconds(config_.stall_timeout_s);
    o.start_chunk_callback = config_.start_chunk_callback;
    o.on_event = guarded(config_.on_event, [](const char* what) { log().warn("on_event: {}", what); });
    auto& r = o.recorder;
    r.video.clear();
    r.audio.clear();
    r.calibration = false;
    r.store.codec = "encoded";
    r.store.queue_size = config_.max_encoder_queue_size;
    const auto add = [&](const std::string& name, TrackKind kind, std::size_t count) -> Stream& {
        auto& stream = streams_.emplace_back();
        stream.name = name;
        stream.track = {kind, static_cast<int>(count) + 1};
        return stream;
    };
    const auto check_name = [&](const std::string& name) -> Status {
        if (name.empty()) return refuse("A stream's name is empty.");
        if (find(name)) return refuse(fmt::format("There are two streams of the name \"{}\".", name));
        return {};
    };
    for (const auto& [name, config] : config_.stream_configs) {
        ONETAKE_TRY(check_name(name));
        if (const auto* video = std::get_if<VideoStreamConfig>(&config)) {
            auto setup = video_setup(*video);
            if (!setup) return refuse(fmt::format("Stream \"{}\": {}", name, setup.error().message));
            setup->on_encoder_error = [this, stream = name](const Error&) { report_encoder_error(stream); };
            auto& stream = add(name, TrackKind::video, r.video.size());
            const auto format = input_pixel_format(video->input_pixel_format);
            stream.format = format->format;
            stream.range = format->range;
            stream.width = video->width;
            stream.height = video->height;
            auto& track = r.video.emplace_back();
            track.source = SourceKind::external;
            track.label = name;
            track.fps = setup->encode.fps;
            o.streams.push_back({stream.track, name, video->codec, 0, {}, video->metadata});
            o.video.push_back(std::move(*setup));
            continue;
        }
        const auto& audio = std::get<AudioStreamConfig>(config);
        if (audio.channels < 1 || audio.channels > 8 || audio.sample_rate < 8000 || audio.sample_rate > 192000)
            return refuse(fmt::format("Stream \"{}\": audio of {} channels at {} Hz; allowed: 1 to 8, 8000 to 192000.",
                                      name, audio.channels, audio.sample_rate));
        auto& stream = add(name, TrackKind::audio, r.audio.size());
        stream.channels = audio.channels;
        auto& track = r.audio.emplace_back();
        track.source = SourceKind::external;
        track.label = name;
        track.sample_rate = audio.sample_rate;
        track.channels = audio.channels;
        o.streams.push_back({stream.track, name, audio.codec, audio.bitrate, {}, audio.metadata});
    }
    for (const auto& [name, config] : config_.sensor_stream_configs) {
        ONETAKE_TRY(check_name(name));
        if (config.codec != "ass")
            return refuse(fmt::format("Stream \"{}\": codec is \"{}\"; allowed: ass.", name, config.codec));
        auto& stream = add(name, TrackKind::data, r.data.size());
        r.data.push_back({name});
        o.streams.push_back({stream.track, name, "ass", 0, {}, config.metadata});
    }
    return {};
}

Status ChunkedWriterImpl::start() {
    if (in_callback) return fail(ErrorCode::wrong_state, "start() in a callback.");
    if (session_) return fail(ErrorCode::wrong_state, "start() after start(): a writer records once.");
    for (const auto& stream : options_.streams)
        if (stream.track.kind == TrackKind::audio) {
            AudioStreamSettings settings;
            const auto& track = options_.recorder.audio[static_cast<std::size_t>(stream.track.number) - 1];
            settings.sample_rate = track.sample_rate;
            settings.channels = track.channels;
            settings.codec = stream.encoder;
            settings.bit_rate = stream.bit_rate;
            if (const auto opens = AudioStreamEncoder::open(settings); !opens) return fail(opens.error());
        }
    if (config_.on_error)
        errors_.set([callback = guarded(config_.on_error, [](const char* what) { log().warn("on_error: {}", what); })](
                        const RecorderEvent& event) { callback(event.track); });
    if (config_.clock == StampClock::realtime) {
        const auto now = read_clocks();
        to_host_ = now.host.time_since_epoch() - now.wall.time_since_epoch();
    }
    auto session = ChunkSession::start(options_);
    if (!session) return fail(std::move(session).error());
    session_ = std::move(*session);
    running_ = true;
    return {};
}

void ChunkedWriterImpl::report_encoder_error(const std::string& stream) {
    if (config_.on_error) errors_.post({EventKind::fallback, to_seconds(host_now().time_since_epoch()), stream, 0, ""});
}

Result<ChunkedResult> ChunkedWriterImpl::stop(const ProgressCallback& on_progress) {
    if (in_callback) return fail(ErrorCode::wrong_state, "stop() in a callback: it would wait for it to return.");
    if (!session_ || stopped_) return fail(ErrorCode::wrong_state, "stop() of a writer that does not record.");
    stopped_ = true;
    running_ = false;
    const auto progress = guarded(on_progress, [](const char* what) { log().warn("on_progress: {}", what); });
    auto result = session_->stop(progress);
    if (result) {
        for (auto& stream : result->streams) {
            const auto known = std::ranges::find(streams_, stream.name, &Stream::name);
            stream.refused += known->refused;
            stream.pushed += known->refused;
        }
    }
    errors_.flush();
    return result;
}

Result<std::size_t> ChunkedWriterImpl::find(std::string_view name) const {
    const auto found = std::ranges::find(streams_, name, &Stream::name);
    if (found != streams_.end()) return static_cast<std::size_t>(found - streams_.begin());
    return fail(ErrorCode::not_found, fmt::format("There is no stream \"{}\".", name));
}

bool ChunkedWriterImpl::is_data(std::string_view name) const {
    const auto index = find(name);
    return index && streams_[*index].track.kind == TrackKind::data;
}

double ChunkedWriterImpl::host_seconds(double t) const {
    if (!std::isfinite(t) || std::abs(t) > kLatest || to_host_ == Duration{}) return t;
    return to_seconds(duration_from_seconds(t) + to_host_);
}

// Refused stamps are counted, and reported once.
Status ChunkedWriterImpl::refuse(Stream& stream, Status status) {
    if (status || status.error().code != ErrorCode::refused) return status;
    if (stream.refused++ == 0)
        session_->report(
            EventKind::note, to_string(stream.track),
            fmt::format("Stream \"{}\": {} Later ones are only counted.", stream.name, status.error().message));
    return status;
}

template <class Push>
Status ChunkedWriterImpl::admit(std::size_t index, TrackKind kind, double t, Push&& push) {
    if (!running_) return fail(ErrorCode::wrong_state, "The writer does not record: start() comes first, stop() last.");
    auto& stream = streams_[index];
    if (stream.track.kind != kind)
        return fail(ErrorCode::invalid_argument, fmt::format("The stream \"{}\" is one of {}, and takes nothing else.",
                                                             stream.name, to_string(stream.track.kind)));
    return refuse(stream, push(stream, host_seconds(t)));
}

Status ChunkedWriterImpl::push(std::size_t index, std::span<const std::uint8_t> bytes, double t,
                               std::shared_ptr<const void> owner, int stride) {
    if (streams_[index].track.kind == TrackKind::data)
        return admit(index, TrackKind::data, t, [&](Stream& stream, double at) -> Status {
            const auto source = session_->recording().pushed_data(stream.track.number - 1);
            if (!source) return fail(source.error());
            return (*source)->push({bytes.begin(), bytes.end()}, at);
        });
    return admit(index, TrackKind::video, t, [&](Stream& stream, double at) -> Status {
        const auto source = session_->recording().pushed_video(stream.track.number - 1);
        if (!source) return fail(source.error());
        auto frame = raw_frame(stream.format, stream.width, stream.height, stride, bytes, std::move(owner), **source);
        if (!frame) return fail(ErrorCode::invalid_argument, std::move(frame).error().message);
        frame->color.range = stream.range;
        return (*source)->push(std::move(*frame), at);
    });
}

Status ChunkedWriterImpl::push_audio(std::size_t index, std::span<const std::int16_t> samples, double t) {
    return admit(index, TrackKind::audio, t, [&](Stream& stream, double at) -> Status {
        if (samples.empty() || samples.size() % static_cast<std::size_t>(stream.channels) != 0)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("{} samples do not divide into {} channels.", samples.size(), stream.channels));
        const auto source = session_->recording().pushed_audio(stream.track.number - 1);
        if (!source) return fail(source.error());
        AudioBlock block;
        block.channels = stream.channels;
        block.samples.assign(samples.begin(), samples.end());
        return (*source)->push(std::move(block), at);
    });
}

Status ChunkedWriterImpl::mark(std::string_view text, double t) {
    if (!running_) return fail(ErrorCode::wrong_state, "The writer does not record.");
    return session_->recording().mark(text, host_seconds(t));
}

Status EncoderQueue::put(std::span<const std::uint8_t> bytes, double timestamp_s, std::shared_ptr<const void> owner,
                         int stride) {
    return writer_->push(index_, bytes, timestamp_s, std::move(owner), stride);
}
Status EncoderQueue::put(std::span<const std::int16_t> samples, double timestamp_s) {
    return writer_->push_audio(index_, samples, timestamp_s);
}
Status EncoderQueue::put(std::span<const float> samples, double timestamp_s) {
    return writer_->push_audio(index_, samples, timestamp_s);
}
int EncoderQueue::size() const {
    return writer_->limit(index_).used();
}
int EncoderQueue::capacity() const {
    return writer_->limit(index_).capacity();
}
const std::string& EncoderQueue::stream() const {
    return writer_->name_of(index_);
}

ChunkedWriter::ChunkedWriter(std::unique_ptr<ChunkedWriterImpl> impl) : impl_(std::move(impl)) {}
ChunkedWriter::~ChunkedWriter() = default;

Result<std::unique_ptr<ChunkedWriter>> ChunkedWriter::create(ChunkedWriterConfig config) {
    auto impl = std::make_unique<ChunkedWriterImpl>(std::move(config));
    ONETAKE_TRY(impl->prepare());
    return std::unique_ptr<ChunkedWriter>(new ChunkedWriter(std::move(impl)));
}

Status ChunkedWriter::start() {
    return impl_->start();
}

Status ChunkedWriter::push(std::string_view stream, std::span<const std::uint8_t> bytes, double timestamp_s,
                           std::shared_ptr<const void> owner, int stride) {
    const auto index = impl_->find(stream);
    return index ? impl_->push(*index, bytes, timestamp_s, std::move(owner), stride) : fail(index.error());
}
Status ChunkedWriter::push(std::string_view stream, std::span<const std::int16_t> samples, double timestamp_s) {
    const auto index = impl_->find(stream);
    return index ? impl_->push_audio(*index, samples, timestamp_s) : fail(index.error());
}
Status ChunkedWriter::push(std::string_view stream, std::span<const float> samples, double timestamp_s) {
    const auto index = impl_->find(stream);
    return index ? impl_->push_audio(*index, samples, timestamp_s) : fail(index.error());
}

Result<EncoderQueue> ChunkedWriter::get_encoder_queue(std::string_view stream) {
    const auto index = impl_->find(stream);
    if (!index) return fail(index.error());
    if (!impl_->is_running()) return fail(ErrorCode::wrong_state, "The queues are there while the writer records.");
    return EncoderQueue(*impl_, *index);
}

bool ChunkedWriter::is_data_stream(std::string_view stream) const {
    return impl_->is_data(stream);
}

Status ChunkedWriter::mark(std::string_view text, double timestamp_s) {
    return impl_->mark(text, timestamp_s);
}

Result<ChunkedResult> ChunkedWriter::stop(const ProgressCallback& on_progress) {
    return impl_->stop(on_progress);
}

}  // namespace onetake
