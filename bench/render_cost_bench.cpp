// Cost of rendering: against libjpeg-turbo and libx264 alone, and against the ffmpeg program on the same JPEGs.
#include "measure.h"
#include "synthetic_frames.h"

#include <onetake/recorder.h>

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <sys/resource.h>
#include <thread>
#include <turbojpeg.h>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace {

using namespace onetake;
using namespace onetake::bench;

constexpr int kWidth = 1280, kHeight = 720, kFrames = 600, kRounds = 5;
constexpr int kLuma = kWidth * kHeight, kFrameBytes = kLuma * 3 / 2;
constexpr double kFps = 30;

/// Stores 600 frames as a take.
void make_take(const RecorderConfig& config) {
    auto recorder = must(AVRecorder::create(config));
    must(recorder.start("t"));
    SyntheticFrames camera(kWidth, kHeight);
    const double begin = seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < kFrames; ++i) must(recorder.push_video(camera.next(), kWidth, kHeight, begin + i / kFps));
    must(recorder.stop(false));
}

using Bytes = std::vector<std::uint8_t>;

std::vector<Bytes> stored_jpegs(const std::string& frames_dir) {
    std::vector<Bytes> jpegs;
    for (int i = 1; i <= kFrames; ++i) {
        std::ifstream file(fmt::format("{}/f_{:06}.jpg", frames_dir, i), std::ios::binary);
        jpegs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return jpegs;
}

/// libjpeg-turbo alone: JPEGs in memory to planes in memory.
double decode_alone(const std::vector<Bytes>& jpegs, std::vector<Bytes>& images) {
    const tjhandle handle = tjInitDecompress();
    const Stopwatch watch;
    for (std::size_t i = 0; i < jpegs.size(); ++i) {
        auto* y = images[i].data();
        unsigned char* planes[3] = {y, y + kLuma, y + kLuma * 5 / 4};
        int strides[3] = {kWidth, kWidth / 2, kWidth / 2};
        tjDecompressToYUVPlanes(handle, jpegs[i].data(), jpegs[i].size(), planes, 0, strides, 0, 0);
    }
    const double cpu = watch.cpu();
    tjDestroy(handle);
    return cpu;
}

/// libx264 alone, through libavcodec with the renderer's settings: planes in memory to packets that are discarded.
double encode_alone(const RecorderConfig& config, std::vector<Bytes>& images) {
    av_log_set_level(AV_LOG_ERROR);
    const auto* codec = avcodec_find_encoder_by_name("libx264");
    AVCodecContext* context = avcodec_alloc_context3(codec);
    context->width = kWidth;
    context->height = kHeight;
    context->time_base = {1, 90000};
    context->framerate = {static_cast<int>(kFps), 1};
    context->pix_fmt = AV_PIX_FMT_YUV420P;
    context->color_range = AVCOL_RANGE_JPEG;
    context->thread_count = static_cast<int>(std::thread::hardware_concurrency() * 3 / 2);
    context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary* options = nullptr;
    av_dict_set(&options, "preset", config.encode.preset.c_str(), 0);
    av_dict_set_int(&options, "crf", config.encode.crf, 0);
    if (codec == nullptr || avcodec_open2(context, codec, &options) < 0) {
        fmt::print(stderr, "libx264 can't be opened.\n");
        std::exit(1);
    }
    av_dict_free(&options);
    AVFrame* frame = av_frame_alloc();
    AVPacket* packet = av_packet_alloc();
    const auto take_packets = [&] {
        while (avcodec_receive_packet(context, packet) == 0) av_packet_unref(packet);
    };
    const Stopwatch watch;
    for (std::size_t i = 0; i < images.size(); ++i) {
        auto* y = images[i].data();
        frame->format = AV_PIX_FMT_YUV420P;
        frame->width = kWidth;
        frame->height = kHeight;
        frame->pts = static_cast<std::int64_t>(i) * 3000;
        frame->data[0] = y;
        frame->data[1] = y + kLuma;
        frame->data[2] = y + kLuma * 5 / 4;
        frame->linesize[0] = kWidth;
        frame->linesize[1] = frame->linesize[2] = kWidth / 2;
        frame->buf[0] = av_buffer_create(
            y, kFrameBytes, [](void*, std::uint8_t*) {}, nullptr, AV_BUFFER_FLAG_READONLY);
        avcodec_send_frame(context, frame);
        av_frame_unref(frame);
        take_packets();
    }
    avcodec_send_frame(context, nullptr);
    take_packets();
    const double cpu = watch.cpu();
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&context);
    return cpu;
}

struct Times {
    double cpu = 0, wall = 0;
};

Times render(const RecorderConfig& config) {
    auto recorder = must(AVRecorder::create(config));
    const Stopwatch watch;
    must(recorder.process("t"));
    return {watch.cpu(), watch.wall()};
}

double children_cpu() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto s = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return s(usage.ru_utime) + s(usage.ru_stime);
}

Times ffmpeg(const RecorderConfig& config, const std::string& frames_dir, const std::string& out) {
    const auto command = fmt::format(
        "ffmpeg -nostdin -v error -y -framerate {} -i '{}/f_%06d.jpg' -c:v libx264 -preset {} -crf {} "
        "-pix_fmt yuvj420p -movflags +faststart '{}'",
        kFps, frames_dir, config.encode.preset, config.encode.crf, out);
    const double before = children_cpu();
    const Stopwatch watch;
    if (std::system(command.c_str()) != 0) {
        fmt::print(stderr, "The ffmpeg program failed or is not installed.\n");
        std::exit(1);
    }
    return {children_cpu() - before, watch.wall()};
}

}  // namespace

int main(int argc, char** argv) {
    Report report(argc, argv);
    const WorkFolder folder;
    RecorderConfig config;
    config.video.front().source = SourceKind::external;
    config.audio.front().source = SourceKind::external;
    config.audio.clear();
    config.instant_mp4 = false;
    config.store.on_full = OnFull::block;
    config.video.front().fps = kFps;
    config.data_dir = folder / "takes";
    config.processed_dir = folder / "rendered";
    make_take(config);
    auto copying = config;
    copying.encode.codec = "copy";

    const auto frames_dir = config.data_dir + "/t/frames";
    const auto jpegs = stored_jpegs(frames_dir);
    std::vector<Bytes> images(jpegs.size(), Bytes(kFrameBytes));
    std::vector<double> decoding, encoding, libraries, rendering, rendering_wall, ffmpeg_cpu, ffmpeg_wall, copy_rate;
    for (int round = 0; round < kRounds; ++round) {
        decoding.push_back(decode_alone(jpegs, images));
        encoding.push_back(encode_alone(config, images));
        libraries.push_back(decoding.back() + encoding.back());
        const auto rendered = render(config);
        const auto other = ffmpeg(config, frames_dir, folder / "ffmpeg.mp4");
        rendering.push_back(rendered.cpu);
        rendering_wall.push_back(rendered.wall);
        ffmpeg_cpu.push_back(other.cpu);
        ffmpeg_wall.push_back(other.wall);
        copy_rate.push_back(kFrames / render(copying).wall);
    }
    using enum Report::Target;
    report.add("libjpeg-turbo decoding alone, 600 frames, CPU", decoding, "s");
    report.add("libx264 veryfast alone, 600 frames, CPU", encoding, "s");
    report.add("rendering, 600 frames, CPU", rendering, "s");
    report.add("rendering CPU / the two libraries alone", ratios(rendering, libraries), "", at_most, 1.05);
    report.add("rendering, wall", rendering_wall, "s");
    report.add("rendering wall / ffmpeg program's wall", ratios(rendering_wall, ffmpeg_wall), "", at_most, 1.0);
    report.add("rendering CPU / ffmpeg program's CPU", ratios(rendering, ffmpeg_cpu), "");
    report.add("codec=copy, frames per second", copy_rate, "1/s", at_least, 1000);
}
