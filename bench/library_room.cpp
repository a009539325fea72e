#include "library_room.h"

#include "measure.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <libyuv.h>
#include <thread>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libswresample/swresample.h>
}

namespace onetake::bench {

namespace {

constexpr int kAacFrame = 1024;

void need(bool done, const char* what) {
    if (!done) must(fail(ErrorCode::internal, fmt::format("{} failed", what)));
}

struct Image {
    Image(int w, int h) : width(w), height(h), bytes(static_cast<std::size_t>(w * h * 3 / 2), 128) {}
    std::uint8_t* y() { return bytes.data(); }
    std::uint8_t* u() { return y() + width * height; }
    std::uint8_t* v() { return u() + width * height / 4; }
    int width, height;
    std::vector<std::uint8_t> bytes;
};

// An encoder through libavcodec whose packets are discarded.
class Encoder {
 public:
    Encoder() = default;
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
    ~Encoder() {
        av_packet_free(&packet_);
        av_frame_free(&frame_);
        avcodec_free_context(&context_);
    }
    AVCodecContext& context() { return *context_; }
    AVFrame& frame() { return *frame_; }
    void find(const char* name) { context_ = avcodec_alloc_context3(codec_ = avcodec_find_encoder_by_name(name)); }
    void open(AVDictionary* options) {
        need(codec_ != nullptr && avcodec_open2(context_, codec_, &options) == 0, "opening an encoder");
        av_dict_free(&options);
    }
    void send(AVFrame* frame) {
        need(avcodec_send_frame(context_, frame) == 0, "encoding");
        while (avcodec_receive_packet(context_, packet_) == 0) av_packet_unref(packet_);
    }

 private:
    const AVCodec* codec_ = nullptr;
    AVCodecContext* context_ = nullptr;
    AVFrame* frame_ = av_frame_alloc();
    AVPacket* packet_ = av_packet_alloc();
};

class VideoEncoder {
 public:
    VideoEncoder(int width, int height, double fps, int threads) {
        encoder_.find("libx264");
        auto& context = encoder_.context();
        context.width = width;
        context.height = height;
        context.time_base = {1, 90000};
        context.framerate = {static_cast<int>(fps), 1};
        context.pix_fmt = AV_PIX_FMT_YUV420P;
        context.thread_count = threads;
        context.gop_size = static_cast<int>(std::ceil(2 * fps));
        context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        AVDictionary* options = nullptr;
        for (const auto& [key, value] : std::initializer_list<std::pair<const char*, const char*>>{
                 {"preset", "veryfast"},
                 {"crf", "23"},
                 {"bf", "0"},
                 {"forced-idr", "1"},
                 {"rc-lookahead", "0"},
                 {"x264-params", "sync-lookahead=0:sliced-threads=1:force-cfr=1:open-gop=0"}})
            av_dict_set(&options, key, value, 0);
        encoder_.open(options);
        ticks_ = std::lround(90000 / fps);
    }
    void encode(Image& image) {
        auto& frame = encoder_.frame();
        frame.format = AV_PIX_FMT_YUV420P;
        frame.width = image.width;
        frame.height = image.height;
        frame.pts = ticks_ * number_++;
        frame.data[0] = image.y();
        frame.data[1] = image.u();
        frame.data[2] = image.v();
        frame.linesize[0] = image.width;
        frame.linesize[1] = frame.linesize[2] = image.width / 2;
        // libx264 copies what it is given before this returns.
        frame.buf[0] = av_buffer_create(
            image.y(), image.bytes.size(), [](void*, std::uint8_t*) {}, nullptr, AV_BUFFER_FLAG_READONLY);
        encoder_.send(&frame);
        av_frame_unref(&frame);
    }
    void finish() { encoder_.send(nullptr); }

 private:
    Encoder encoder_;
    long ticks_ = 0;
    std::int64_t number_ = 0;
};

class Resampler {
 public:
    Resampler() {
        AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;  // FFmpeg 5.1 takes no constant one
        need(swr_alloc_set_opts2(&context_, &mono, AV_SAMPLE_FMT_FLTP, kStoredRate, &mono, AV_SAMPLE_FMT_S16,
                                 kPushedRate, 0, nullptr) == 0 &&
                 swr_init(context_) == 0,
             "opening a resampler");
    }
    Resampler(const Resampler&) = delete;
    Resampler& operator=(const Resampler&) = delete;
    ~Resampler() { swr_free(&context_); }
    /// Adds to what is in `out` already.
    void add(const std::int16_t* samples, int count, std::vector<float>& out, std::size_t at) {
        piece_.resize(static_cast<std::size_t>(count));
        auto* to = reinterpret_cast<std::uint8_t*>(piece_.data());
        const auto* from = reinterpret_cast<const std::uint8_t*>(samples);
        const int made = swr_convert(context_, &to, count, &from, count);
        need(made >= 0, "resampling");
        out.resize(std::max(out.size(), at + static_cast<std::size_t>(made)));
        for (std::size_t i = 0; i < static_cast<std::size_t>(made); ++i) out[at + i] += piece_[i];
    }

 private:
    SwrContext* context_ = nullptr;
    std::vector<float> piece_;
};

class AudioEncoder {
 public:
    AudioEncoder() {
        encoder_.find("aac");
        auto& context = encoder_.context();
        context.sample_rate = kStoredRate;
        context.sample_fmt = AV_SAMPLE_FMT_FLTP;
        context.bit_rate = 64000;
        context.thread_count = 1;
        context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        av_channel_layout_default(&context.ch_layout, 1);
        encoder_.open(nullptr);
    }
    void encode(std::vector<float>& samples) {
        std::size_t done = 0;
        for (; samples.size() - done >= kAacFrame; done += kAacFrame) {
            auto& frame = encoder_.frame();
            frame.format = AV_SAMPLE_FMT_FLTP;
            frame.nb_samples = kAacFrame;
            frame.sample_rate = kStoredRate;
            frame.pts = pts_;
            pts_ += kAacFrame;
            av_channel_layout_default(&frame.ch_layout, 1);
            need(av_frame_get_buffer(&frame, 0) == 0, "allocating");
            std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(done), kAacFrame,
                        reinterpret_cast<float*>(frame.data[0]));
            encoder_.send(&frame);
            av_frame_unref(&frame);
        }
        samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(done));
    }

 private:
    Encoder encoder_;
    std::int64_t pts_ = 0;
};

// What a room's encoders get of 1.5 threads per core: each half of those that are left.
std::vector<int> thread_counts(int encoders) {
    int left = static_cast<int>(std::thread::hardware_concurrency()) * 3 / 2;
    std::vector<int> counts;
    for (int i = 0; i < encoders; ++i) {
        counts.push_back(std::max(1, (std::max(left, 0) + 1) / 2));
        left -= counts.back();
    }
    return counts;
}

// Scales an image into tile `i` of `n` beside each other.
void put_tile(Image& from, Image& canvas, int i, int n) {
    const int width = canvas.width / n / 2 * 2, height = from.height * width / from.width / 2 * 2;
    const int x = i * width, y = (canvas.height - height) / 4 * 2;
    libyuv::I420Scale(from.y(), from.width, from.u(), from.width / 2, from.v(), from.width / 2, from.width, from.height,
                      canvas.y() + y * canvas.width + x, canvas.width, canvas.u() + (y * canvas.width / 2 + x) / 2,
                      canvas.width / 2, canvas.v() + (y * canvas.width / 2 + x) / 2, canvas.width / 2, width, height,
                      libyuv::kFilterBox);
}

}  // namespace

double library_room_cpu(const LibraryRoom& room, const Media& media) {
    const int encoders = room.composite ? 1 : room.people;
    const auto threads = thread_counts(encoders);
    av_log_set_level(AV_LOG_ERROR);
    const Stopwatch watch;
    std::vector<std::unique_ptr<VideoEncoder>> videos;
    for (int i = 0; i < encoders; ++i)
        videos.push_back(
            std::make_unique<VideoEncoder>(room.width, room.height, room.fps, threads[static_cast<std::size_t>(i)]));
    std::vector<AudioEncoder> audios(static_cast<std::size_t>(encoders));
    std::vector<Resampler> resamplers(static_cast<std::size_t>(room.people));
    std::vector<std::vector<float>> waiting(static_cast<std::size_t>(encoders));
    Image image(room.width, room.height), canvas(room.width, room.height);
    const auto block = static_cast<std::size_t>(kPushedRate / room.fps);
    for (int n = 0; n < static_cast<int>(room.length_s * room.fps); ++n) {
        const auto& pixels = *media.images[static_cast<std::size_t>(n) % media.images.size()];
        const auto at = static_cast<std::size_t>(n) * block % (media.voice.size() - block);
        const auto mixed_at = waiting.front().size();
        for (int i = 0; i < room.people; ++i) {
            libyuv::RGB24ToI420(pixels.data(), room.width * 3, image.y(), room.width, image.u(), room.width / 2,
                                image.v(), room.width / 2, room.width, room.height);
            const auto track = static_cast<std::size_t>(room.composite ? 0 : i);
            if (room.composite)
                put_tile(image, canvas, i, room.people);
            else
                videos[track]->encode(image);
            auto& samples = waiting[track];
            resamplers[static_cast<std::size_t>(i)].add(&media.voice[at], static_cast<int>(block), samples,
                                                        room.composite ? mixed_at : samples.size());
        }
        if (room.composite) videos.front()->encode(canvas);
        for (std::size_t i = 0; i < audios.size(); ++i) audios[i].encode(waiting[i]);
    }
    for (auto& video : videos) video->finish();
    return watch.cpu();
}

}  // namespace onetake::bench
