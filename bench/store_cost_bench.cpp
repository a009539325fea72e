// Cost of storing video encoded at once: CPU time per frame and bytes beside JPEGs, and beside the ffmpeg program.
#include "measure.h"
#include "synthetic_frames.h"

#include <onetake/recorder.h>

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace onetake;
using namespace onetake::bench;

constexpr int kWidth = 1280, kHeight = 720;
constexpr double kFps = 15;
constexpr int kFrames = 150;  // 10 s
constexpr int kBitrate = 2'000'000;
constexpr int kRounds = 5;

using Image = std::shared_ptr<const std::vector<std::uint8_t>>;

struct Stored {
    double cpu_ms = 0;  ///< per frame
    double bytes = 0;
};

/// Pushes the frames with their own stamps, as fast as the take accepts them.
Stored store(const WorkFolder& folder, const std::vector<Image>& images, const std::string& codec, int bitrate) {
    static int number = 0;
    RecorderConfig config;
    config.video.front().source = SourceKind::external;
    config.video.front().fps = kFps;
    config.audio.clear();
    config.instant_mp4 = false;
    config.store.codec = codec;
    config.store.bitrate = bitrate;
    config.store.on_full = OnFull::block;
    config.data_dir = folder / "takes";
    auto recorder = must(AVRecorder::create(config));
    const double begin = seconds(CLOCK_MONOTONIC) - kFrames / kFps;
    must(recorder.start(StartOptions{std::to_string(number++), false, true, {}}));
    const Stopwatch watch;
    for (int i = 0; i < kFrames; ++i) {
        const auto& image = images[static_cast<std::size_t>(i) % images.size()];
        must(recorder.push_video({kWidth, kHeight, 0, *image}, image, begin + i / kFps));
    }
    const auto take = must(recorder.stop(false));
    if (take.metrics.frames != kFrames) must(fail(ErrorCode::internal, fmt::format("{}: frames were lost", codec)));
    return {watch.cpu() * 1e3 / kFrames, take.metrics.video_mb * 1e6};
}

double children_cpu() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto s = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return s(usage.ru_utime) + s(usage.ru_stime);
}

/// The ffmpeg program on the same raw frames, with the same encoder, preset, bit rate and number of threads. CPU ms per
/// frame.
double ffmpeg_alone(const WorkFolder& folder, const std::string& raw, int threads) {
    const auto before = children_cpu();
    const auto command = fmt::format(
        "ffmpeg -v error -y -f rawvideo -pix_fmt bgr24 -s {}x{} -r {} -i '{}' -c:v libx264 -pix_fmt yuv420p -preset "
        "veryfast -bf 0 -b:v {} -threads {} '{}'",
        kWidth, kHeight, kFps, raw, kBitrate, threads, folder / "ffmpeg.mkv");
    if (std::system(command.c_str()) != 0) must(fail(ErrorCode::internal, "ffmpeg failed"));
    return (children_cpu() - before) * 1e3 / kFrames;
}

}  // namespace

int main(int argc, char** argv) {
    Report report(argc, argv);
    const WorkFolder folder;
    std::vector<Image> images;
    SyntheticFrames camera(kWidth, kHeight);
    for (int i = 0; i < kFrames; ++i)
        images.push_back(std::make_shared<const std::vector<std::uint8_t>>(camera.next()));
    const auto raw = folder / "frames.raw";
    {
        std::ofstream file(raw, std::ios::binary);
        for (const auto& image : images)
            file.write(reinterpret_cast<const char*>(image->data()), static_cast<std::streamsize>(image->size()));
    }
    for (const auto* codec : {"jpeg", "libx264", "libx265", "mpeg4", "ffv1"}) {
        std::vector<double> cpu, megabytes;
        for (int round = 0; round < kRounds; ++round) {
            const auto stored = store(folder, images, codec, 0);
            cpu.push_back(stored.cpu_ms);
            megabytes.push_back(stored.bytes / 1e6);
        }
        report.add(fmt::format("store {}, CPU per frame", codec), cpu, "ms");
        report.add(fmt::format("store {}, 10 s at 15 fps", codec), megabytes, "MB");
    }
    const int cores = static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    std::vector<double> ours, theirs;
    for (int round = 0; round < kRounds; ++round) {
        theirs.push_back(ffmpeg_alone(folder, raw, cores));
        ours.push_back(store(folder, images, "libx264", kBitrate).cpu_ms);
    }
    report.add("ffmpeg program, libx264 at 2 Mbit/s, CPU per frame", theirs, "ms");
    report.add("store libx264 / ffmpeg program, at 2 Mbit/s", ratios(ours, theirs), "", Report::Target::at_most, 1.05);
}
