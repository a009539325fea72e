// v4l2_feed DEVICE WIDTH HEIGHT FPS SECONDS: feeds a v4l2loopback device with MJPEG like a camera, each frame at its
// time of CLOCK_MONOTONIC: a moving pattern that is white for the first 100 ms of every second of that clock. Ends
// after SECONDS or at SIGTERM with one line of JSON: number of frames, frame rate, largest delay.
#include "base/clock.h"
#include "base/unique_fd.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <string>
#include <sys/ioctl.h>
#include <turbojpeg.h>
#include <unistd.h>
#include <vector>

namespace {

using onetake::Duration;
using onetake::HostTime;

constexpr Duration kSecond = std::chrono::seconds(1);
constexpr Duration kFlash = std::chrono::milliseconds(100);
constexpr int kPatternFrames = 10;

volatile std::sig_atomic_t stopped = 0;

struct Shape {
    int width = 0;
    int height = 0;
    double fps = 0;
};

using Jpeg = std::vector<unsigned char>;

// Dark stripes that move to the right by their width over kPatternFrames frames, with some grain, so that a JPEG is
// about as large as a camera's.
std::vector<unsigned char> pattern_rgb(const Shape& shape, int frame) {
    std::vector<unsigned char> rgb(static_cast<std::size_t>(shape.width) * shape.height * 3);
    std::uint32_t grain = 1;
    const int stripe = 64;
    std::size_t at = 0;
    for (int y = 0; y < shape.height; ++y) {
        for (int x = 0; x < shape.width; ++x) {
            grain = grain * 1664525U + 1013904223U;
            const int noise = static_cast<int>(grain >> 30);
            const int across = (x + y + stripe - frame * stripe / kPatternFrames) % stripe;
            rgb[at++] = static_cast<unsigned char>(20 + across / 2 + noise);
            rgb[at++] = static_cast<unsigned char>(20 + y * 40 / shape.height + noise);
            rgb[at++] = static_cast<unsigned char>(20 + x * 40 / shape.width + noise);
        }
    }
    return rgb;
}

Jpeg compress(tjhandle compressor, const Shape& shape, const std::vector<unsigned char>& rgb) {
    Jpeg jpeg(tjBufSize(shape.width, shape.height, TJSAMP_422));
    unsigned char* out = jpeg.data();
    unsigned long size = jpeg.size();
    if (tjCompress2(compressor, rgb.data(), shape.width, 0, shape.height, TJPF_RGB, &out, &size, TJSAMP_422, 85,
                    TJFLAG_NOREALLOC) != 0)
        return {};
    jpeg.resize(size);
    return jpeg;
}

/// The pattern's frames, the white one last; empty if one could not be compressed.
std::vector<Jpeg> make_frames(const Shape& shape) {
    std::vector<Jpeg> jpegs;
    tjhandle compressor = tjInitCompress();
    for (int frame = 0; frame < kPatternFrames; ++frame)
        jpegs.push_back(compress(compressor, shape, pattern_rgb(shape, frame)));
    const std::vector<unsigned char> white(static_cast<std::size_t>(shape.width) * shape.height * 3, 255);
    jpegs.push_back(compress(compressor, shape, white));
    tjDestroy(compressor);
    for (const Jpeg& jpeg : jpegs)
        if (jpeg.empty()) return {};
    return jpegs;
}

bool set_format(int fd, const Shape& shape) {
    v4l2_format format{};
    format.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    format.fmt.pix.width = static_cast<std::uint32_t>(shape.width);
    format.fmt.pix.height = static_cast<std::uint32_t>(shape.height);
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_MJPEG;
    format.fmt.pix.field = V4L2_FIELD_NONE;
    format.fmt.pix.colorspace = V4L2_COLORSPACE_JPEG;
    format.fmt.pix.sizeimage = format.fmt.pix.width * format.fmt.pix.height * 2;
    if (ioctl(fd, VIDIOC_S_FMT, &format) != 0) return false;
    v4l2_streamparm parameters{};
    parameters.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    parameters.parm.output.timeperframe = {1000, static_cast<std::uint32_t>(shape.fps * 1000)};
    return ioctl(fd, VIDIOC_S_PARM, &parameters) == 0;
}

int fail(const char* what, const std::string& device) {
    std::fprintf(stderr, "v4l2_feed: %s %s: %s\n", what, device.c_str(), std::strerror(errno));
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fputs("usage: v4l2_feed DEVICE WIDTH HEIGHT FPS SECONDS\n", stderr);
        return 2;
    }
    const std::string device = argv[1];
    const Shape shape{std::atoi(argv[2]), std::atoi(argv[3]), std::atof(argv[4])};
    const double seconds = std::atof(argv[5]);
    if (shape.width <= 0 || shape.height <= 0 || shape.fps <= 0) {
        std::fputs("v4l2_feed: WIDTH, HEIGHT and FPS must be above 0\n", stderr);
        return 2;
    }
    std::signal(SIGTERM, [](int) { stopped = 1; });
    std::signal(SIGINT, [](int) { stopped = 1; });

    const std::vector<Jpeg> jpegs = make_frames(shape);
    if (jpegs.empty()) {
        std::fputs("v4l2_feed: cannot compress the frames\n", stderr);
        return 1;
    }
    const onetake::UniqueFd fd(open(device.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return fail("cannot open", device);
    if (!set_format(fd.get(), shape)) return fail("cannot set the format of", device);

    // Frames lie on a grid that starts at a full second, and so does every flash if FPS is an integer.
    onetake::SystemClock clock;
    const HostTime start = HostTime(clock.now().time_since_epoch() / kSecond * kSecond + 2 * kSecond);
    const auto count = static_cast<std::int64_t>(seconds * shape.fps);
    std::int64_t frame = 0;
    HostTime first{}, last{};
    Duration latest{};
    while (frame < count && stopped == 0) {
        const HostTime due = start + Duration(static_cast<std::int64_t>(static_cast<double>(frame) * 1e9 / shape.fps));
        const bool flash = due.time_since_epoch() % kSecond < kFlash;
        const Jpeg& jpeg = flash ? jpegs.back() : jpegs[static_cast<std::size_t>(frame % kPatternFrames)];
        clock.wait_until(due);
        last = clock.now();
        if (frame == 0) first = last;
        latest = std::max(latest, last - due);
        if (write(fd.get(), jpeg.data(), jpeg.size()) < 0) return fail("cannot write to", device);
        ++frame;
    }
    const double span = onetake::to_seconds(last - first);
    std::printf("{\"frames\": %lld, \"effective_fps\": %.5f, \"latest_ms\": %.3f, \"jpeg_bytes\": %zu}\n",
                static_cast<long long>(frame), span > 0 ? static_cast<double>(frame - 1) / span : 0.0,
                onetake::to_seconds(latest) * 1e3, jpegs.front().size());
    return 0;
}
