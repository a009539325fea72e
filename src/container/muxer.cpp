#include "container/muxer.h"

#include "base/error.h"
#include "container/copied_params.h"
#include "container/output_stream.h"
#include "container/packet_interleaver.h"
#include "container/part_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <numeric>
#include <optional>
#include <unistd.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
}

namespace onetake {

namespace {

constexpr std::uint64_t kMostQueued = 64ULL << 20;
constexpr std::uint64_t kWritebackEvery = 16ULL << 20;
constexpr int kWriteBuffer = 1 << 18;

// Bytes of index: stsz, stts, ctts, stco and stsc, stss and sdtp entries, each at its largest.
constexpr std::uint64_t kIndexBase = 16384, kIndexPerVideo = 48, kIndexPerAudio = 36;

}  // namespace

class Muxer::Impl {
 public:
    Impl(PartFile file, ContainerFormat format, MuxerOptions options)
        : file_(std::move(file)), format_(format), options_(std::move(options)) {}
    Impl(Impl&&) = delete;
    Impl& operator=(Impl&&) = delete;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        close();
        av_packet_free(&packet_);
        avformat_free_context(context_);
    }

    Status open();
    Result<int> add_stream(const StreamParams& params);
    Status begin();
    Status write(Packet packet);
    Status advance(int stream, MediaTime time);
    Status end_stream(int stream);
    void set_chapters(std::vector<Chapter> chapters, MediaTime end) {
        chapters_ = std::move(chapters);
        chapters_end_ = end;
    }
    Result<MuxedFile> finish();

 private:
    struct Stream {
        StreamParams params;
        AVStream* stream = nullptr;
        PacketFilter filter = {};  // null: none needed
        std::optional<std::int64_t> last_dts;
        std::uint64_t packets = 0;
        std::int64_t next_slot = 0;  // see has_slots()
        bool ended = false;
    };

    /// MP4, and MOV, which is the same but for its name.
    bool is_mp4() const { return onetake::is_mp4(format_); }
    int close();
    Result<Stream*> stream_of(int number);
    Status write_out();
    Status write_one(Packet from);
    bool index_fits() const;
    Status mark_unused_space();
    Status write_chapters();

    PartFile file_;
    ContainerFormat format_;
    MuxerOptions options_;
    AVFormatContext* context_ = nullptr;
    AVPacket* packet_ = nullptr;
    std::vector<Stream> streams_;
    std::vector<std::string> notes_;
    std::vector<Chapter> chapters_;
    MediaTime chapters_end_;
    PacketInterleaver interleaver_{kMostQueued};
    std::uint64_t written_bytes_ = 0, writeback_at_ = kWritebackEvery;
    bool begun_ = false;
};

Status Muxer::Impl::open() {
    // Without "file:" a name with a colon would be parsed as a protocol.
    const std::string url = "file:" + file_.part_path();
    int error = avformat_alloc_output_context2(&context_, nullptr, name_of(format_).libav, url.c_str());
    if (error < 0) return av_failure("Can't start", file_.path(), error);
    AVDictionary* io = nullptr;
    av_dict_set_int(&io, "blocksize", kWriteBuffer, 0);
    av_dict_set_int(&io, "truncate", 0, 0);
    error = avio_open2(&context_->pb, url.c_str(), AVIO_FLAG_WRITE, nullptr, &io);
    av_dict_free(&io);
    if (error < 0) return av_failure("Can't open", file_.part_path(), error);
    packet_ = av_packet_alloc();
    context_->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;  // it would shift every stream for the sake of one
    set_tag(&context_->metadata, "title", options_.title);
    if (options_.creation_time != WallTime{}) {
        const auto when = utc_iso(options_.creation_time);
        set_tag(&context_->metadata, "creation_time", when);
        if (is_mp4()) set_tag(&context_->metadata, "date", when);
    }
    for (const auto& [key, value] : options_.metadata) set_tag(&context_->metadata, key, value);
    return {};
}

Result<int> Muxer::Impl::add_stream(const StreamParams& params) {
    if (begun_) return fail(ErrorCode::wrong_state, fmt::format("{} has begun: no more streams.", file_.path()));
    const auto* codec = avcodec_descriptor_get_by_name(params.codec.c_str());
    if (codec == nullptr || avformat_query_codec(context_->oformat, codec->id, FF_COMPLIANCE_NORMAL) == 0)
        return cant_hold(format_, params.codec);
    if (params.time_scale <= 0 || params.time_scale > INT32_MAX)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A time scale of 1/{} s is not supported.", params.time_scale));
    AVStream* stream = avformat_new_stream(context_, nullptr);
    if (stream == nullptr) return fail(ErrorCode::internal, "Out of memory while adding a stream.");
    ONETAKE_TRY(set_up_stream(*stream, params, *codec, {format_, context_->oformat, file_.path()}));
    if (!params.copied && params.kind != TrackKind::data) {  // players would show data
        const bool first = std::none_of(streams_.begin(), streams_.end(),
                                        [&](const Stream& other) { return other.params.kind == params.kind; });
        if (first) stream->disposition |= AV_DISPOSITION_DEFAULT;
    }
    Stream added;
    if (has_slots(format_, params)) {
        auto filter = start_code_filter(*stream, file_.path());
        if (!filter) return fail(std::move(filter).error());
        added.filter = std::move(*filter);
    }
    added.params = params;
    added.stream = stream;
    streams_.push_back(std::move(added));
    interleaver_.add_stream(params.time_scale);
    return static_cast<int>(streams_.size()) - 1;
}

Status Muxer::Impl::begin() {
    if (begun_) return {};
    if (streams_.empty()) return fail(ErrorCode::wrong_state, fmt::format("{} has no streams.", file_.path()));
    AVDictionary* options = nullptr;
    if (is_mp4()) {
        // Edit lists use the movie time scale: only a common multiple represents every first stamp exactly.
        std::int64_t scale = 1;
        for (const auto& stream : streams_) {
            const auto common = std::lcm(scale, stream.params.time_scale);
            scale = common <= INT32_MAX ? common : std::max(scale, stream.params.time_scale);
        }
        av_dict_set_int(&options, "movie_timescale", std::max<std::int64_t>(scale, 1000), 0);
        av_dict_set_int(&options, "use_editlist", 1, 0);
        if (options_.reserve_index_bytes > 0)
            av_dict_set_int(&options, "moov_size", static_cast<std::int64_t>(options_.reserve_index_bytes), 0);
        else
            av_dict_set(&options, "movflags", "+faststart", 0);
    }
    const int error = avformat_write_header(context_, &options);
    av_dict_free(&options);
    if (error < 0) return av_failure("Can't write the header of", file_.part_path(), error);
    begun_ = true;
    return {};
}

Result<Muxer::Impl::Stream*> Muxer::Impl::stream_of(int number) {
    if (!begun_) return fail(ErrorCode::wrong_state, fmt::format("{} has not begun.", file_.path()));
    if (number < 0 || static_cast<std::size_t>(number) >= streams_.size())
        return fail(ErrorCode::invalid_argument, fmt::format("{} has no stream {}.", file_.path(), number));
    return &streams_[static_cast<std::size_t>(number)];
}

Status Muxer::Impl::write(Packet packet) {
    const auto found = stream_of(packet.stream);
    if (!found) return fail(found.error());
    Stream& stream = **found;
    // Several packets of a Matroska file may be in one of its ticks of 1 ms.
    const bool may_be_equal =
        format_ == ContainerFormat::mkv && (stream.params.copied != nullptr || stream.params.kind == TrackKind::data);
    const bool follows =
        !stream.last_dts || packet.dts > *stream.last_dts || (may_be_equal && packet.dts == *stream.last_dts);
    if (stream.ended || packet.dts == Packet::kNoTime || !follows || packet.pts < packet.dts)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("Stream {} of {}: a packet (pts {}, dts {}) does not follow the one before.",
                                packet.stream, file_.path(), packet.pts, packet.dts));
    stream.last_dts = packet.dts;
    interleaver_.push(std::move(packet));
    return write_out();
}

Status Muxer::Impl::advance(int number, MediaTime time) {
    if (const auto found = stream_of(number); !found) return fail(found.error());
    interleaver_.advance(static_cast<std::size_t>(number), time);
    return write_out();
}

Status Muxer::Impl::end_stream(int number) {
    const auto found = stream_of(number);
    if (!found) return fail(found.error());
    (*found)->ended = true;
    interleaver_.end(static_cast<std::size_t>(number));
    return write_out();
}

Status Muxer::Impl::write_out() {
    while (auto packet = interleaver_.pop()) ONETAKE_TRY(write_one(std::move(*packet)));
    return {};
}

Status Muxer::Impl::write_one(Packet from) {
    Stream& stream = streams_[static_cast<std::size_t>(from.stream)];
    const AVRational scale{1, static_cast<int>(stream.params.time_scale)};
    AVPacket* packet = packet_;
    packet->data = from.bytes.data();
    packet->size = static_cast<int>(from.bytes.size());
    packet->stream_index = stream.stream->index;
    packet->pts = av_rescale_q(from.pts, scale, stream.stream->time_base);
    packet->dts = av_rescale_q(from.dts, scale, stream.stream->time_base);
    packet->duration = av_rescale_q(from.duration, scale, stream.stream->time_base);
    if (has_slots(format_, stream.params)) {
        packet->pts = packet->dts = std::max(packet->dts, stream.next_slot);
        packet->duration = 1;
        stream.next_slot = packet->dts + 1;
    }
    if (from.key) packet->flags |= AV_PKT_FLAG_KEY;
    if (from.hidden) packet->flags |= AV_PKT_FLAG_DISCARD;
    const auto& params = stream.params;
    // Padding samples of the last packet; Matroska stores them for players. Lossless codecs end with a short one
    // instead.
    const auto* codec = avcodec_descriptor_get(stream.stream->codecpar->codec_id);
    const bool pads = codec != nullptr && (codec->props & AV_CODEC_PROP_LOSSLESS) == 0;
    const bool padded = !params.copied && params.kind == TrackKind::audio && params.frame_size > 0 &&
                        from.duration < params.frame_size && pads;
    const auto padding = padded ? params.frame_size - from.duration : std::int64_t{from.skip_last};
    if (padding > 0) {
        auto* skip = av_packet_new_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, 10);
        if (skip != nullptr) {
            std::memset(skip, 0, 10);
            AV_WL32(skip + 4, static_cast<std::uint32_t>(padding));
        }
    }
    int error = stream.filter ? av_bsf_send_packet(stream.filter.get(), packet) : 0;
    if (stream.filter && error >= 0) error = av_bsf_receive_packet(stream.filter.get(), packet);
    if (error >= 0) error = av_write_frame(context_, packet);
    av_packet_unref(packet);
    if (error < 0) return av_failure("Can't write to", file_.part_path(), error);
    if (context_->pb->error < 0) return av_failure("Can't write to", file_.part_path(), context_->pb->error);
    ++stream.packets;
    written_bytes_ += from.bytes.size();
    if (written_bytes_ >= writeback_at_) {
        file_.start_writeback();
        writeback_at_ = written_bytes_ + kWritebackEvery;
    }
    return {};
}

bool Muxer::Impl::index_fits() const {
    std::uint64_t video = 0, other = 0;
    for (const auto& stream : streams_) (stream.params.kind == TrackKind::video ? video : other) += stream.packets;
    // The estimate's base covers four tracks and short texts.
    std::uint64_t extra = options_.title.size();
    if (streams_.size() > 4) extra += std::uint64_t{2048} * (streams_.size() - 4);
    for (const auto& [key, value] : options_.metadata) extra += value.size() + 64;
    for (const auto& stream : streams_) extra += 2 * stream.params.title.size();
    constexpr std::uint64_t kChapterTrack = 2048, kPerChapter = 64;
    if (!chapters_.empty()) extra += kChapterTrack;
    for (const auto& chapter : chapters_) extra += kPerChapter + chapter.title.size();
    return estimate_index_bytes(video, other) + extra <= options_.reserve_index_bytes;
}

// Marks the unused space of the index as a "free" box, which readers skip; it follows the file's first box.
Status Muxer::Impl::mark_unused_space() {
    std::array<std::uint8_t, 8> header{};
    if (::pread(file_.fd(), header.data(), 4, 0) != 4) return fail(file_error("Can't read", file_.part_path(), EIO));
    const auto at = AV_RB32(header.data());
    AV_WB32(header.data(), static_cast<std::uint32_t>(options_.reserve_index_bytes));
    std::memcpy(header.data() + 4, "free", 4);
    if (::pwrite(file_.fd(), header.data(), header.size(), at) != static_cast<ssize_t>(header.size()))
        return fail(file_error("Can't write to", file_.part_path(), errno));
    return {};
}

// libavformat writes chapters with the trailer. Those of an MP4 are a track's samples, of which the first begins at 0.
Status Muxer::Impl::write_chapters() {
    if (is_mp4() && !chapters_.empty() && chapters_.front().begin > MediaTime{})
        chapters_.insert(chapters_.begin(), {MediaTime{}, options_.title.empty() ? "Start" : options_.title});
    for (std::size_t i = 0; i < chapters_.size(); ++i) {
        const auto begin = to_ns(chapters_[i].begin);
        auto* chapter = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
        if (chapter == nullptr) return fail(ErrorCode::internal, "Out of memory while adding a chapter.");
        chapter->id = static_cast<std::int64_t>(i) + 1;
        chapter->time_base = {1, 1'000'000'000};
        chapter->start = begin;
        chapter->end = std::max(begin, to_ns(i + 1 < chapters_.size() ? chapters_[i + 1].begin : chapters_end_));
        set_tag(&chapter->metadata, "title", chapters_[i].title);
        int count = static_cast<int>(context_->nb_chapters);
        av_dynarray_add(&context_->chapters, &count, chapter);
        context_->nb_chapters = static_cast<unsigned>(count);
    }
    return {};
}

int Muxer::Impl::close() {
    return context_ != nullptr && context_->pb != nullptr ? avio_closep(&context_->pb) : 0;
}

Result<MuxedFile> Muxer::Impl::finish() {
    if (!begun_) return fail(ErrorCode::wrong_state, fmt::format("{} has not begun.", file_.path()));
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        streams_[i].ended = true;
        interleaver_.end(i);
    }
    ONETAKE_TRY(write_out());
    ONETAKE_TRY(write_chapters());
    bool space_unused = false;
    if (is_mp4() && options_.reserve_index_bytes > 0 && !index_fits()) {
        av_opt_set_int(context_->priv_data, "moov_size", 0, 0);
        space_unused = true;
        notes_.push_back("The index is larger than the space reserved for it and is at the end of the file.");
    } else if (is_mp4() && options_.reserve_index_bytes == 0 && written_bytes_ > options_.move_limit_bytes) {
        av_opt_set(context_->priv_data, "movflags", "-faststart", 0);
        if (options_.move_limit_bytes > 0)
            notes_.push_back(
                "The index is at the end of the file: moving this much media to put it in front would take long.");
    }
    int error = av_write_trailer(context_);
    if (error < 0) return av_failure("Can't write the index of", file_.part_path(), error);
    if (error = close(); error < 0) return av_failure("Can't write to", file_.part_path(), error);
    if (space_unused) ONETAKE_TRY(mark_unused_space());
    MuxedFile made;
    made.path = file_.path();
    auto bytes = file_.size();
    if (!bytes) return fail(std::move(bytes).error());
    made.bytes = *bytes;
    ONETAKE_TRY(file_.commit());
    made.notes = std::move(notes_);
    begun_ = false;
    return made;
}

Muxer::Muxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Muxer::Muxer(Muxer&&) noexcept = default;
Muxer& Muxer::operator=(Muxer&&) noexcept = default;
Muxer::~Muxer() = default;

Result<Muxer> Muxer::create(std::string path, ContainerFormat format, MuxerOptions options) {
    if (options.reserve_index_bytes > 0)
        options.reserve_index_bytes = std::clamp<std::uint64_t>(options.reserve_index_bytes, kIndexBase, INT32_MAX);
    auto file = PartFile::create(std::move(path), options.replace);
    if (!file) return fail(std::move(file).error());
    auto impl = std::make_unique<Impl>(std::move(*file), format, std::move(options));
    ONETAKE_TRY(impl->open());
    return Muxer(std::move(impl));
}

Result<int> Muxer::add_stream(const StreamParams& params) {
    return impl_->add_stream(params);
}
Status Muxer::begin() {
    return impl_->begin();
}
Status Muxer::write(Packet packet) {
    return impl_->write(std::move(packet));
}
Status Muxer::advance(int stream, MediaTime time) {
    return impl_->advance(stream, time);
}
Status Muxer::end_stream(int stream) {
    return impl_->end_stream(stream);
}
void Muxer::set_chapters(std::vector<Chapter> chapters, MediaTime end) {
    impl_->set_chapters(std::move(chapters), end);
}
Result<MuxedFile> Muxer::finish() {
    return impl_->finish();
}

Status check_holds(ContainerFormat format, const std::string& encoder) {
    const auto* codec = avcodec_find_encoder_by_name(encoder == "auto" ? "libx264" : encoder.c_str());
    if (codec == nullptr && encoder == "auto") return {};  // opening one tells
    if (codec == nullptr)
        return fail(ErrorCode::missing_part, fmt::format("This machine's libavcodec has no encoder \"{}\".", encoder));
    const auto* output = av_guess_format(name_of(format).libav, nullptr, nullptr);
    if (output == nullptr || avformat_query_codec(output, codec->id, FF_COMPLIANCE_NORMAL) == 0)
        return cant_hold(format, avcodec_get_name(codec->id));
    return {};
}

std::uint64_t estimate_index_bytes(std::uint64_t video_frames, std::uint64_t audio_packets) {
    return kIndexBase + video_frames * kIndexPerVideo + audio_packets * kIndexPerAudio;
}

}  // namespace onetake
