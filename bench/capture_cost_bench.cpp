// Cost of storing: CPU time per pushed frame against libjpeg-turbo alone, and how it scales.
#include "measure.h"
#include "synthetic_frames.h"

#include <onetake/recorder.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <thread>
#include <turbojpeg.h>
#include <unistd.h>

namespace {

using namespace onetake;
using namespace onetake::bench;

constexpr int kWidth = 1280, kHeight = 720, kQuality = 90;
constexpr int kRounds = 15;
constexpr int kImages = 16;  // used in turn; together larger than a core's cache, as with a camera
constexpr int kWarmUp = 30;  // frames until the queue is full and buffers are allocated
constexpr int kFrames = 90;
constexpr int kJpegFrames = 300;

using Image = std::shared_ptr<const std::vector<std::uint8_t>>;

struct Cost {
    double cpu_ms = 0;  ///< per frame
    double rate = 0;    ///< frames per second of wall time
};

Cost cost(const Stopwatch& watch, int frames) {
    return {watch.cpu() * 1e3 / frames, frames / watch.wall()};
}

/// libjpeg-turbo alone, as fast as possible: into memory, nothing stored.
Cost compress_alone(const std::vector<Image>& images, int threads) {
    const auto work = [&](int first) {
        const tjhandle handle = tjInitCompress();
        std::vector<std::uint8_t> out(tjBufSize(kWidth, kHeight, TJSAMP_420));
        for (int i = first; i < kFrames; i += threads) {
            unsigned long size = out.size();
            auto* bytes = out.data();
            tjCompress2(handle, images[static_cast<std::size_t>(i % kImages)]->data(), kWidth, 0, kHeight, TJPF_BGR,
                        &bytes, &size, TJSAMP_420, kQuality, TJFLAG_NOREALLOC);
        }
        tjDestroy(handle);
    };
    const Stopwatch watch;
    std::vector<std::thread> more;
    for (int i = 1; i < threads; ++i) more.emplace_back(work, i);
    work(0);
    for (auto& thread : more) thread.join();
    return cost(watch, kFrames);
}

int next_number() {
    static int number = 0;
    return number++;
}

/// Pushes frames into a take as fast as it accepts them; measured while it runs, without start and end.
template <class Push>
Cost record(const WorkFolder& folder, int workers, int frames, Push push) {
    RecorderConfig config;
    config.video.front().source = SourceKind::external;
    config.audio.front().source = SourceKind::external;
    config.audio.clear();
    config.instant_mp4 = false;  // rendering has its own benchmark
    config.store.on_full = OnFull::block;
    config.store.queue_size = 16;
    config.store.workers = workers;
    config.store.quality = kQuality;
    config.data_dir = folder / "takes";
    auto recorder = must(AVRecorder::create(config));
    must(recorder.start(std::to_string(next_number())));
    for (int i = 0; i < kWarmUp; ++i) must(push(recorder, i));
    const Stopwatch watch;
    for (int i = 0; i < frames; ++i) must(push(recorder, i));
    const auto result = cost(watch, frames);
    // Files are kept until the program ends: some file systems are slow for seconds after files were deleted.
    must(recorder.stop(false));
    return result;
}

/// The file system alone: the same JPEGs as plain files.
Cost write_alone(const WorkFolder& folder, const std::vector<std::vector<std::uint8_t>>& jpegs) {
    const auto path = folder / fmt::format("plain{}", next_number());
    std::filesystem::create_directory(path);
    const Stopwatch watch;
    for (int i = 0; i < kJpegFrames; ++i) {
        const int fd = ::open(fmt::format("{}/{}.jpg", path, i).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);
        const auto& jpeg = jpegs[static_cast<std::size_t>(i % kImages)];
        if (::write(fd, jpeg.data(), jpeg.size()) < 0) std::perror("Can't write the plain files");
        ::close(fd);
    }
    return cost(watch, kJpegFrames);
}

}  // namespace

int main(int argc, char** argv) {
    Report report(argc, argv);
    const WorkFolder folder;
    std::vector<Image> images;
    std::vector<std::vector<std::uint8_t>> jpegs;
    SyntheticFrames camera(kWidth, kHeight);
    double jpeg_bytes = 0;
    for (int i = 0; i < kImages; ++i) {
        images.push_back(std::make_shared<const std::vector<std::uint8_t>>(camera.next()));
        jpegs.push_back(jpeg_of(*images.back(), kWidth, kHeight, kQuality));
        jpeg_bytes += static_cast<double>(jpegs.back().size()) / kImages;
    }
    const auto push_bgr = [&](AVRecorder& recorder, int i) {
        const auto& image = images[static_cast<std::size_t>(i % kImages)];
        return recorder.push_video({kWidth, kHeight, 0, *image}, image);
    };
    const auto push_jpeg = [&](AVRecorder& recorder, int i) {
        return recorder.push_jpeg(jpegs[static_cast<std::size_t>(i % kImages)]);
    };

    std::vector<double> alone, stored, alone_two, stored_two, passed, written, alone_scale, stored_scale, rate_two;
    for (int round = 0; round < kRounds; ++round) {
        const auto a1 = compress_alone(images, 1);
        const auto b1 = record(folder, 1, kFrames, push_bgr);
        const auto a2 = compress_alone(images, 2);
        const auto b2 = record(folder, 2, kFrames, push_bgr);
        written.push_back(write_alone(folder, jpegs).cpu_ms);
        passed.push_back(record(folder, 2, kJpegFrames, push_jpeg).cpu_ms);
        alone.push_back(a1.cpu_ms);
        stored.push_back(b1.cpu_ms);
        alone_two.push_back(a2.cpu_ms);
        stored_two.push_back(b2.cpu_ms);
        alone_scale.push_back(a2.rate / a1.rate);
        stored_scale.push_back(b2.rate / b1.rate);
        rate_two.push_back(b2.rate);
    }
    using enum Report::Target;
    report.add("JPEG size of a 720p frame", {jpeg_bytes / 1e3}, "kB");
    report.add("tjCompress2 alone, CPU per frame", alone, "ms");
    report.add("push_video to disk, 1 worker, CPU per frame", stored, "ms");
    report.add("push_video / tjCompress2, 1 worker / 1 thread", ratios(stored, alone), "", at_most, 1.15);
    report.add("push_video / tjCompress2, 2 workers / 2 threads", ratios(stored_two, alone_two), "", at_most, 1.15);
    report.add("push_video, 2 workers, frames per second", rate_two, "1/s");
    report.add("rate of 2 workers / rate of 1", stored_scale, "", at_least, 1.8);
    report.add("rate of 2 tjCompress2 threads / rate of 1", alone_scale, "");
    report.add("open, write and close of a JPEG, CPU", written, "ms");
    report.add("push_jpeg to disk, CPU per frame", passed, "ms", at_most, 0.15);
}
