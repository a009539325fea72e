#include "container/demuxer.h"

#include "container/file_facts.h"
#include "container/read_params.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <string_view>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mathematics.h>
}

namespace onetake {

namespace {

constexpr int kLargestPacket = 256 << 20;
// Allowed formats: those that keep all media in one file.
constexpr const char* kFormats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,wav";

Error read_error(const std::string& path, int error) {
    const int number = AVUNERROR(error);
    if (number > 0 && number < 200) return file_error("Can't read", path, number);
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(error, text.data(), text.size());
    return {ErrorCode::corrupt,
            fmt::format("Can't read {}: {}. Is it a complete MP4, MOV, Matroska, AVI or WAV file?", path, text.data())};
}

// Opens the file at `path` into `context`, which the caller closes.
Status open_input(const std::string& path, AVFormatContext** context) {
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    av_dict_set(&options, "format_whitelist", kFormats, 0);
    // Without "file:" a name with a colon would be parsed as a protocol.
    const int opened = avformat_open_input(context, ("file:" + path).c_str(), nullptr, &options);
    av_dict_free(&options);
    if (opened < 0) return fail(read_error(path, opened));
    return {};
}

}  // namespace

Result<FileFacts> read_file_facts(const std::string& path) {
    AVFormatContext* context = nullptr;
    ONETAKE_TRY(open_input(path, &context));
    FileFacts facts;
    if (const auto* tag = av_dict_get(context->metadata, "comment", nullptr, 0)) facts.comment = tag->value;
    if (context->duration > 0) facts.duration = std::chrono::microseconds(context->duration);
    bool known = true;
    std::uint64_t frames = 0;
    for (unsigned i = 0; i < context->nb_streams; ++i) {
        const AVStream& stream = *context->streams[i];
        if (context->duration <= 0 && stream.duration > 0)  // AVI
            facts.duration =
                std::max(facts.duration, Duration(av_rescale_q(stream.duration, stream.time_base, {1, 1'000'000'000})));
        if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
        if (facts.video_codec.empty()) {
            facts.video_codec = avcodec_get_name(stream.codecpar->codec_id);
            facts.width = stream.codecpar->width;
            facts.height = stream.codecpar->height;
        }
        known = known && stream.nb_frames > 0;
        frames += static_cast<std::uint64_t>(std::max<std::int64_t>(stream.nb_frames, 0));
    }
    if (known) facts.video_frames = frames;
    avformat_close_input(&context);
    return facts;
}

class Demuxer::Impl {
 public:
    explicit Impl(std::string path) : path_(std::move(path)), packet_(av_packet_alloc()) {}
    Impl(Impl&&) = delete;
    Impl& operator=(Impl&&) = delete;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        av_packet_free(&packet_);
        avformat_close_input(&context_);
    }

    Status open();
    Result<std::optional<Packet>> next();
    const std::vector<StreamParams>& streams() const { return streams_; }
    Format format() const;
    std::vector<std::pair<std::string, std::string>> tags() const;
    std::vector<Chapter> chapters() const;
    bool has_chapters() const { return context_->nb_chapters > 0; }
    bool presentation_times_unknown() const;
    Status check_complete() const;

 private:
    Result<Packet> converted();

    const std::string path_;
    AVPacket* packet_;
    AVFormatContext* context_ = nullptr;
    std::vector<StreamParams> streams_;
};

Status Demuxer::Impl::open() {
    ONETAKE_TRY(open_input(path_, &context_));
    if (const int found = avformat_find_stream_info(context_, nullptr); found < 0)
        return fail(read_error(path_, found));
    for (unsigned i = 0; i < context_->nb_streams; ++i) streams_.push_back(params_of(*context_->streams[i]));
    if (streams_.empty())
        return fail(ErrorCode::unsupported, fmt::format("{} has neither video nor audio nor data.", path_));
    return {};
}

Demuxer::Format Demuxer::Impl::format() const {
    const std::string_view name = context_->iformat->name;
    return name.starts_with("matroska") ? Format::matroska
           : name == "avi"              ? Format::avi
           : name == "wav"              ? Format::wav
                                        : Format::mov;
}

std::vector<std::pair<std::string, std::string>> Demuxer::Impl::tags() const {
    constexpr std::array<std::string_view, 4> kOfMuxer{"major_brand", "minor_version", "compatible_brands", "encoder"};
    std::vector<std::pair<std::string, std::string>> tags;
    const AVDictionaryEntry* tag = nullptr;
    while ((tag = av_dict_get(context_->metadata, "", tag, AV_DICT_IGNORE_SUFFIX)) != nullptr)
        if (std::find(kOfMuxer.begin(), kOfMuxer.end(), tag->key) == kOfMuxer.end())
            tags.emplace_back(tag->key, tag->value);
    return tags;
}

std::vector<Chapter> Demuxer::Impl::chapters() const {
    std::vector<Chapter> chapters;
    for (unsigned i = 0; i < context_->nb_chapters; ++i) {
        const AVChapter& chapter = *context_->chapters[i];
        const auto* title = av_dict_get(chapter.metadata, "title", nullptr, 0);
        const auto begin = av_rescale_q(chapter.start, chapter.time_base, {1, 1'000'000'000});
        chapters.push_back({MediaTime(Duration(begin)), title != nullptr ? title->value : ""});
    }
    return chapters;
}

bool Demuxer::Impl::presentation_times_unknown() const {
    if (format() != Format::avi) return false;
    for (unsigned i = 0; i < context_->nb_streams; ++i)
        if (context_->streams[i]->codecpar->video_delay > 0) return true;
    return false;
}

Status Demuxer::Impl::check_complete() const {
    const std::int64_t size = avio_size(context_->pb);
    for (unsigned i = 0; i < context_->nb_streams; ++i) {
        AVStream* stream = context_->streams[i];
        const int entries = avformat_index_get_entries_count(stream);
        for (int k = 0; k < entries; ++k) {
            const auto* entry = avformat_index_get_entry(stream, k);
            if (entry->pos + entry->size > size)
                return fail(ErrorCode::corrupt,
                            fmt::format("{} is not complete: its index names {} packets of stream {}, and it ends in "
                                        "number {}. Has its program closed it?",
                                        path_, entries, i, k + 1));
        }
    }
    return {};
}

Result<std::optional<Packet>> Demuxer::Impl::next() {
    for (;;) {
        const int read = av_read_frame(context_, packet_);
        if (read == AVERROR_EOF) {
            // A read error in the middle of the file is reported as its end, too; only this differs.
            if (context_->pb != nullptr && context_->pb->error < 0) return fail(read_error(path_, context_->pb->error));
            return std::nullopt;
        }
        if (read < 0) return fail(read_error(path_, read));
        // A stream that appears after the header is ignored.
        const bool known = static_cast<std::size_t>(packet_->stream_index) < streams_.size();
        if (!known || packet_->size == 0) {
            av_packet_unref(packet_);
            continue;
        }
        auto packet = converted();
        av_packet_unref(packet_);
        if (!packet) return fail(std::move(packet).error());
        return std::move(*packet);
    }
}

Result<Packet> Demuxer::Impl::converted() {
    const auto index = static_cast<std::size_t>(packet_->stream_index);
    const auto& params = streams_[index];
    if (packet_->size > kLargestPacket)
        return fail(ErrorCode::corrupt, fmt::format("{}: a packet of {} bytes is too large.", path_, packet_->size));
    if (packet_->pts == AV_NOPTS_VALUE && format() == Format::avi) packet_->pts = packet_->dts;
    if (packet_->pts == AV_NOPTS_VALUE && params.kind != TrackKind::data)
        return fail(ErrorCode::corrupt, fmt::format("{}: a packet of stream {} has no timestamp.", path_, index));
    return packet_of(*packet_, *context_->streams[index], params.time_scale);
}

Demuxer::Demuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Demuxer::Demuxer(Demuxer&&) noexcept = default;
Demuxer& Demuxer::operator=(Demuxer&&) noexcept = default;
Demuxer::~Demuxer() = default;

Result<Demuxer> Demuxer::open(const std::string& path) {
    auto impl = std::make_unique<Impl>(path);
    ONETAKE_TRY(impl->open());
    return Demuxer(std::move(impl));
}

const std::vector<StreamParams>& Demuxer::streams() const {
    return impl_->streams();
}

Demuxer::Format Demuxer::format() const {
    return impl_->format();
}
std::vector<std::pair<std::string, std::string>> Demuxer::tags() const {
    return impl_->tags();
}
std::vector<Chapter> Demuxer::chapters() const {
    return impl_->chapters();
}
bool Demuxer::has_chapters() const {
    return impl_->has_chapters();
}
bool Demuxer::presentation_times_unknown() const {
    return impl_->presentation_times_unknown();
}
Status Demuxer::check_complete() const {
    return impl_->check_complete();
}

Result<std::optional<Packet>> Demuxer::next() {
    return impl_->next();
}

Result<std::uint64_t> count_video_frames(const std::string& path) {
    auto demuxer = Demuxer::open(path);
    if (!demuxer) return fail(std::move(demuxer).error());
    std::uint64_t frames = 0;
    for (;;) {
        const auto packet = demuxer->next();
        if (!packet) return fail(packet.error());
        if (!*packet) return frames;
        if (demuxer->streams()[static_cast<std::size_t>((*packet)->stream)].kind == TrackKind::video) ++frames;
    }
}

}  // namespace onetake
