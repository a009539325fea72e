#include "sync/take_marks.h"

#include "base/files.h"
#include "codec/jpeg_decoder.h"
#include "media/beep_search.h"
#include "take/take_source.h"
#include "take/wav.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fcntl.h>
#include <fmt/format.h>
#include <numeric>

namespace onetake {

namespace {

constexpr std::size_t kMaxJpegBytes = std::size_t{256} << 20;
constexpr int kStep = 2;  // every other column and row is enough for the mean

double mean_luma(const PlanarImage& image) {
    std::uint64_t sum = 0, count = 0;
    for (int y = 0; y < image.height; y += kStep) {
        const auto* row = image.plane(0) + std::ptrdiff_t{y} * image.stride[0];
        for (int x = 0; x < image.width; x += kStep, ++count) sum += row[x];
    }
    return count > 0 ? static_cast<double>(sum) / static_cast<double>(count) : 0;
}

Duration median_interval(const std::vector<LumaSample>& frames) {
    std::vector<Duration> intervals;
    for (std::size_t i = 1; i < frames.size(); ++i) intervals.push_back(frames[i].time - frames[i - 1].time);
    if (intervals.empty()) return {};
    const auto middle = intervals.begin() + static_cast<std::ptrdiff_t>(intervals.size() / 2);
    std::ranges::nth_element(intervals, middle);
    return *middle;
}

/// Reads the first track of each kind.
class MarkReader {
 public:
    MarkReader(TakeSource source, std::string folder, const TakeMarksOptions& options)
        : source_(std::move(source)), folder_(std::move(folder)), options_(options) {}

    Result<TakeMarks> run() {
        ONETAKE_TRY(open());
        for (;;) {
            if (options_.cancel.stop_requested())
                return fail(ErrorCode::cancelled, "The search for flashes and beeps was cancelled.");
            auto event = source_.next();
            if (!event) return fail(std::move(event).error());
            if (!*event) break;
            if (const auto* frame = std::get_if<StoredFrame>(&**event))
                read(*frame);
            else if (const auto* audio = std::get_if<StoredAudio>(&**event))
                ONETAKE_TRY(read(*audio));
        }
        marks_.frames = frames_.size();
        marks_.frame_interval = median_interval(frames_);
        marks_.flashes = find_flashes(frames_, options_.min_rise);
        marks_.beeps = search_->finish();
        return std::move(marks_);
    }

 private:
    Status open() {
        auto decoder = JpegDecoder::create();
        if (!decoder) return fail(std::move(decoder).error());
        decoder_.emplace(std::move(*decoder));
        for (const auto& t : source_.tracks()) {
            if (t.track.number != 1 || t.track.kind == TrackKind::data) continue;
            const auto path = fmt::format("{}/{}", folder_, t.path);
            if (t.track.kind == TrackKind::video) {
                folder_fd_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
                if (!folder_fd_) return fail(file_error("Can't open the folder", path, errno));
                marks_.camera = t.video;
                marks_.test_source = t.video.device == "test";
            } else {
                auto wav = WavReader::open(path);
                if (!wav) return fail(std::move(wav).error());
                wav_.emplace(std::move(*wav));
                search_.emplace(wav_->sample_rate(), options_.tone_hz);
                marks_.microphone = t.audio;
            }
        }
        if (!folder_fd_ || !wav_)
            return fail(ErrorCode::not_found,
                        fmt::format("{} has no {}: an offset can't be measured.", folder_, wav_ ? "video" : "audio"));
        return {};
    }

    void read(const StoredFrame& frame) {
        if (frame.track.number != 1) return;
        if (!read_file_into(folder_fd_.get(), frame_file(frame.number), kMaxJpegBytes, bytes_)) return;
        const auto image =
            decoder_->decode({reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()}, *image_pool_);
        if (image) frames_.push_back({frame.time - *source_.origin(), mean_luma(*image)});
    }

    Status read(const StoredAudio& audio) {
        if (audio.track.number != 1) return {};
        const auto& span = audio.span;
        ONETAKE_TRY(wav_->read(span.first_sample, span.frames, samples_));
        const auto channels = static_cast<std::size_t>(wav_->channels());
        mono_.clear();
        for (std::size_t i = 0; i + channels <= samples_.size(); i += channels) {
            const auto at = samples_.begin() + static_cast<std::ptrdiff_t>(i);
            const int sum = std::accumulate(at, at + static_cast<std::ptrdiff_t>(channels), 0);
            mono_.push_back(static_cast<float>(sum) / (32768.0F * static_cast<float>(channels)));
        }
        if (mono_.empty()) return {};
        // A truncated WAV has fewer samples than the span and ends earlier.
        const double have = static_cast<double>(mono_.size()) / static_cast<double>(span.frames);
        const auto begin = span.begin - *source_.origin();
        const auto length = Duration(std::llround(have * static_cast<double>((span.end - span.begin).count())));
        search_->add(mono_, begin, begin + length, span.after_gap || have < 1);
        return {};
    }

    TakeSource source_;
    const std::string folder_;
    const TakeMarksOptions& options_;
    TakeMarks marks_;
    std::optional<JpegDecoder> decoder_;
    std::shared_ptr<BufferPool> image_pool_ = BufferPool::create(1);
    UniqueFd folder_fd_;
    std::optional<WavReader> wav_;
    std::optional<BeepSearch> search_;
    std::vector<LumaSample> frames_;
    // reused for their capacity
    std::string bytes_;
    std::vector<std::int16_t> samples_;
    std::vector<float> mono_;
};

}  // namespace

Result<TakeMarks> find_take_marks(const std::string& take_folder, const TakeMarksOptions& options) {
    auto source = TakeSource::open(take_folder);
    if (!source) return fail(std::move(source).error());
    return MarkReader(std::move(*source), take_folder, options).run();
}

}  // namespace onetake
