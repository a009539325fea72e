#include "container/input_reader.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/redact.h"
#include "container/read_params.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <string_view>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
}

namespace onetake {

namespace {

// Formats whose files contain all their media and the media's times: no playlists, no lists of files, no images.
constexpr const char* kFileFormats =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,wav,w64,mpegts,mpeg,flv,ogg,mp3,flac,aac,yuv4mpegpipe,nut,ivf";
// libavcodec's names of the decoders that an input may make us run.
constexpr const char* kDecoders =
    "h264,hevc,vp8,vp9,libdav1d,av1,mjpeg,mpeg4,h263,mpeg1video,mpeg2video,theora,ffv1,rawvideo,wrapped_avframe,"
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,opus,libopus,vorbis,flac,alac,ac3,eac3,g722,g726,g726le,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f64le,pcm_u8,pcm_alaw,pcm_mulaw";
constexpr int kLargestSdp = 64 << 10;
constexpr std::int64_t kLiveAnalysisUs = 3'000'000;

struct PacketFree {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};

class Options {
 public:
    Options() = default;
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;
    ~Options() { av_dict_free(&dict_); }
    void set(const char* key, const char* value) { av_dict_set(&dict_, key, value, 0); }
    void set(const char* key, std::int64_t value) { av_dict_set_int(&dict_, key, value, 0); }
    AVDictionary** get() { return &dict_; }

 private:
    AVDictionary* dict_ = nullptr;
};

std::string text_of(int error) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(error, text.data(), text.size());
    return text.data();
}

// Formats may open further files and streams (references, playlists): none of them.
int open_nothing(AVFormatContext*, AVIOContext** out, const char*, int, AVDictionary**) {
    *out = nullptr;
    return AVERROR(EPERM);
}

bool decodable(const AVCodecParameters& params) {
    const auto* decoder = avcodec_find_decoder(params.codec_id);
    return decoder != nullptr && av_match_list(decoder->name, kDecoders, ',') > 0;
}

}  // namespace

class InputReader::Impl {
 public:
    Impl(InputKind kind, std::string source, const InputLimits& limits, std::shared_ptr<InputInterrupt> interrupt)
        : kind_(kind),
          source_(std::move(source)),
          shown_(redacted(source_)),
          limits_(limits),
          interrupt_(std::move(interrupt)),
          packet_(av_packet_alloc()) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { avformat_close_input(&context_); }

    Status open();
    Result<std::optional<InputPacket>> next();
    const std::vector<StreamParams>& streams() const { return streams_; }
    std::string format() const {
        const char* name = context_->iformat->long_name;
        return name != nullptr ? name : context_->iformat->name;
    }
    bool pipe() const { return bytes_ && bytes_->pipe(); }
    std::optional<WallTime> sender_start() const {
        if (!live() || context_->start_time_realtime == AV_NOPTS_VALUE) return std::nullopt;
        return WallTime(std::chrono::microseconds(context_->start_time_realtime));
    }

 private:
    bool live() const { return kind_ != InputKind::file; }
    Status open_bytes();
    Status open_format();
    Status find_streams();
    std::optional<InputPacket> converted();
    void wait_at_most(Duration duration);
    Error error_of(int error, std::string_view what) const;
    static int interrupted(void* self);

    const InputKind kind_;
    const std::string source_, shown_;
    const InputLimits limits_;
    const std::shared_ptr<InputInterrupt> interrupt_;
    std::unique_ptr<InputBytes> bytes_;
    AVFormatContext* context_ = nullptr;  // closed before bytes_, which it reads
    std::unique_ptr<AVPacket, PacketFree> packet_;
    bool redirected_ = false;
    std::vector<StreamParams> streams_;
    Duration start_{};  // of the input's clock
};

// libavformat itself follows a server's redirection. The moment its URL has changed, every wait ends, before anything
// is sent to the other host.
int InputReader::Impl::interrupted(void* self) {
    auto& impl = *static_cast<Impl*>(self);
    if (impl.kind_ == InputKind::rtsp && impl.context_ != nullptr && impl.context_->url != nullptr)
        impl.redirected_ = impl.redirected_ || impl.source_ != impl.context_->url;
    return impl.redirected_ || impl.interrupt_->interrupts() ? 1 : 0;
}

void InputReader::Impl::wait_at_most(Duration duration) {
    interrupt_->deadline_ns = to_ns(host_now() + duration);
}

Error InputReader::Impl::error_of(int error, std::string_view what) const {
    if (redirected_)
        return {ErrorCode::refused, fmt::format("{} {}: its server redirects to another address, which is not "
                                                "followed. Give that address if you trust it.",
                                                what, shown_)};
    if (interrupt_->stopping) return {ErrorCode::cancelled, fmt::format("{} {}: cancelled.", what, shown_)};
    if (error == AVERROR_EXIT || error == AVERROR(ETIMEDOUT) || interrupt_->interrupts())
        return {ErrorCode::timed_out, fmt::format("{} {}: nothing came in time. Is its sender running?", what, shown_)};
    if (live())
        return {ErrorCode::device_unavailable,
                fmt::format("{} {}: {}. Check its address, its credentials and the network.", what, shown_,
                            text_of(error))};
    const int number = AVUNERROR(error);
    if (number > 0 && number < 200 && number != EINVAL) return file_error(what, shown_, number);
    return {ErrorCode::corrupt, fmt::format("{} {}: {}. Is it a complete media file? Playlists, lists of files and "
                                            "images are not read.",
                                            what, shown_, text_of(error))};
}

Status InputReader::Impl::open() {
    wait_at_most(limits_.open);
    ONETAKE_TRY(open_bytes());
    ONETAKE_TRY(open_format());
    ONETAKE_TRY(find_streams());
    interrupt_->deadline_ns = INT64_MAX;
    return {};
}

Status InputReader::Impl::open_bytes() {
    if (kind_ == InputKind::rtsp) return {};
    if (kind_ == InputKind::file) {
        auto opened = InputBytes::open(source_, *interrupt_);
        if (!opened) return fail(std::move(opened).error());
        bytes_ = std::move(*opened);
    } else {
        auto text = read_file(source_, kLargestSdp);
        if (!text) return fail(std::move(text).error());
        bytes_ = InputBytes::of({text->begin(), text->end()}, *interrupt_);
    }
    if (bytes_->context() == nullptr) return fail(ErrorCode::internal, "Out of memory while opening a source.");
    return {};
}

Status InputReader::Impl::open_format() {
    context_ = avformat_alloc_context();
    if (context_ == nullptr) return fail(ErrorCode::internal, "Out of memory while opening a source.");
    context_->interrupt_callback = {&Impl::interrupted, this};
    context_->io_open = &open_nothing;
    context_->max_streams = limits_.streams;
    context_->probesize = limits_.probe_bytes;
    if (bytes_) context_->pb = bytes_->context();

    Options options;
    options.set("codec_whitelist", kDecoders);
    const AVInputFormat* format = nullptr;
    if (kind_ == InputKind::file) {
        options.set("format_whitelist", kFileFormats);
        options.set("protocol_whitelist", "none");
    } else {
        const char* name = kind_ == InputKind::rtsp ? "rtsp" : "sdp";
        format = av_find_input_format(name);
        if (format == nullptr)
            return fail(ErrorCode::missing_part, "This machine's libavformat can't read RTSP and RTP.");
        options.set("format_whitelist", name);
        options.set("allowed_media_types", "video+audio");
        options.set("analyzeduration", kLiveAnalysisUs);
        options.set("protocol_whitelist", kind_ == InputKind::rtsp ? "rtsp,rtsps,tcp,tls" : "rtp,udp");
        // Over UDP a server could name another host as the one that sends.
        if (kind_ == InputKind::rtsp) options.set("rtsp_transport", "tcp");
    }
    const int error =
        avformat_open_input(&context_, kind_ == InputKind::rtsp ? source_.c_str() : "", format, options.get());
    if (error < 0 || redirected_) return fail(error_of(error, "Can't open"));
    return {};
}

Status InputReader::Impl::find_streams() {
    std::vector<AVDictionary*> options(context_->nb_streams, nullptr);
    for (auto*& o : options) {
        av_dict_set_int(&o, "max_pixels", limits_.pixels, 0);
        av_dict_set_int(&o, "threads", 1, 0);
    }
    const int error = avformat_find_stream_info(context_, options.empty() ? nullptr : options.data());
    for (auto*& o : options) av_dict_free(&o);
    if (error < 0 || redirected_) return fail(error_of(error, "Can't read"));
    const auto seen = [](const AVStream* stream) { return stream->start_time != AV_NOPTS_VALUE; };
    if (interrupt_->interrupts() && std::none_of(context_->streams, context_->streams + context_->nb_streams, seen))
        return fail(error_of(AVERROR_EXIT, "Can't read"));
    bool usable = false;
    std::string unusable;
    for (unsigned i = 0; i < context_->nb_streams; ++i) {
        auto params = params_of(*context_->streams[i]);
        if (params.kind != TrackKind::data && !decodable(*context_->streams[i]->codecpar)) {
            params.kind = TrackKind::data;
            unusable += " " + params.codec;
        }
        usable = usable || params.kind != TrackKind::data;
        streams_.push_back(std::move(params));
    }
    if (!usable)
        return fail(ErrorCode::unsupported,
                    unusable.empty()
                        ? fmt::format("{} has neither video nor audio.", shown_)
                        : fmt::format("{} has no codec that can be read here, only:{}.", shown_, unusable));
    // These streams' clock starts anywhere.
    if (std::string_view(context_->iformat->name).starts_with("mpeg") && context_->start_time != AV_NOPTS_VALUE)
        start_ = std::chrono::microseconds(context_->start_time);
    return {};
}

Result<std::optional<InputPacket>> InputReader::Impl::next() {
    for (;;) {
        if (live()) wait_at_most(limits_.silent);
        const int error = av_read_frame(context_, packet_.get());
        if (error == AVERROR(EAGAIN)) continue;
        // A read error in the middle of a file is reported as its end, too; only this differs.
        const bool read_error = bytes_ && bytes_->context()->error < 0 && bytes_->context()->error != AVERROR_EOF;
        if (interrupt_->stopping || redirected_) return fail(error_of(AVERROR_EXIT, "Can't read"));
        if (error == AVERROR_EOF && !read_error) return std::nullopt;
        if (error < 0) return fail(error_of(read_error ? bytes_->context()->error : error, "Can't read"));
        auto packet = converted();
        const int size = packet_->size;
        av_packet_unref(packet_.get());
        if (size > limits_.packet_bytes)
            return fail(ErrorCode::corrupt, fmt::format("{}: a packet of {} bytes is too large.", shown_, size));
        if (packet) return packet;
    }
}

std::optional<InputPacket> InputReader::Impl::converted() {
    const auto arrival = host_now();
    const auto index = static_cast<std::size_t>(packet_->stream_index);
    // A stream that appears after the header is ignored.
    if (index >= streams_.size() || streams_[index].kind == TrackKind::data || packet_->size == 0 ||
        packet_->size > limits_.packet_bytes)
        return std::nullopt;
    const auto scale = streams_[index].time_scale;
    InputPacket made{packet_of(*packet_, *context_->streams[index], scale), {}, arrival, false};
    made.decoding_time = made.packet.pts == Packet::kNoTime;
    const auto ticks = made.decoding_time ? made.packet.dts : made.packet.pts;
    if (ticks == Packet::kNoTime) return std::nullopt;
    made.time = from_ticks(ticks, scale) - start_;
    return made;
}

InputReader::InputReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InputReader::InputReader(InputReader&&) noexcept = default;
InputReader& InputReader::operator=(InputReader&&) noexcept = default;
InputReader::~InputReader() = default;

Result<InputReader> InputReader::open(InputKind kind, const std::string& source, const InputLimits& limits,
                                      std::shared_ptr<InputInterrupt> interrupt) {
    auto impl = std::make_unique<Impl>(kind, source, limits, std::move(interrupt));
    ONETAKE_TRY(impl->open());
    return InputReader(std::move(impl));
}

const std::vector<StreamParams>& InputReader::streams() const {
    return impl_->streams();
}
std::string InputReader::format() const {
    return impl_->format();
}
bool InputReader::pipe() const {
    return impl_->pipe();
}
std::optional<WallTime> InputReader::sender_start() const {
    return impl_->sender_start();
}
Result<std::optional<InputPacket>> InputReader::next() {
    return impl_->next();
}

}  // namespace onetake
