#include "sync/output_sync_marks.h"

#include "codec/av_log.h"
#include "codec/media_decoder.h"
#include "container/demuxer.h"
#include "media/beep_search.h"

#include <fmt/format.h>
#include <map>
#include <optional>

namespace onetake {

namespace {

constexpr Duration kNoGap = std::chrono::milliseconds(1);

/// Decodes a file and collects its sync marks.
class OutputMarkReader {
 public:
    Result<OutputSyncMarks> run(const std::string& path) {
        route_av_log();
        auto demuxer = Demuxer::open(path);
        if (!demuxer) return fail(std::move(demuxer).error());
        ONETAKE_TRY(open_decoders(*demuxer, path));
        for (;;) {
            auto packet = demuxer->next();
            if (!packet) return fail(std::move(packet).error());
            if (!*packet) break;
            const auto decoder = decoders_.find((*packet)->stream);
            if (decoder == decoders_.end()) continue;
            ONETAKE_TRY(decoder->second.decode(**packet, decoded_));
            ONETAKE_TRY(take());
        }
        for (auto& [stream, decoder] : decoders_) {
            ONETAKE_TRY(decoder.finish(decoded_));
            ONETAKE_TRY(take());
        }
        for (const auto& sample : samples_) marks_.frames.push_back(sample.time);
        marks_.flashes = find_flashes(samples_);
        if (search_) marks_.beeps = search_->finish();
        return std::move(marks_);
    }

 private:
    Status open_decoders(const Demuxer& demuxer, const std::string& path) {
        std::optional<std::string> video, audio;
        for (std::size_t i = 0; i < demuxer.streams().size(); ++i) {
            const auto& params = demuxer.streams()[i];
            auto& codec = params.kind == TrackKind::video ? video : audio;
            if (params.kind == TrackKind::data || codec) continue;
            auto decoder = MediaDecoder::open(params);
            if (!decoder) return fail(std::move(decoder).error());
            decoders_.emplace(static_cast<int>(i), std::move(*decoder));
            codec = params.codec;
        }
        if (!video || !audio)
            return fail(ErrorCode::not_found, fmt::format("{} has no {}.", path, video ? "audio" : "video"));
        marks_.video_codec = *video;
        marks_.audio_codec = *audio;
        return {};
    }

    Status take() {
        for (const auto& sample : decoded_.frames) samples_.push_back(sample);
        for (const auto& block : decoded_.audio) {
            if (rate_ == 0) {
                rate_ = block.sample_rate;
                search_.emplace(rate_);
            }
            if (block.sample_rate != rate_)
                return fail(ErrorCode::unsupported, "The sample rate of the file's audio changes.");
            const auto end = block.time + from_ticks(static_cast<std::int64_t>(block.samples.size()), rate_);
            const bool gap = audio_end_ && std::chrono::abs(block.time - *audio_end_) > kNoGap;
            search_->add(block.samples, block.time, end, gap);
            audio_end_ = end;
            marks_.audio_length += end - block.time;
        }
        decoded_.frames.clear();
        decoded_.audio.clear();
        return {};
    }

    std::map<int, MediaDecoder> decoders_;  // by stream
    DecodedMedia decoded_;
    std::vector<LumaSample> samples_;
    int rate_ = 0;  // Hz
    std::optional<BeepSearch> search_;
    std::optional<Duration> audio_end_;
    OutputSyncMarks marks_;
};

}  // namespace

Result<OutputSyncMarks> find_output_sync_marks(const std::string& path) {
    return OutputMarkReader().run(path);
}

}  // namespace onetake
