#include "capture/test_source.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace onetake {

namespace {

using namespace std::chrono_literals;

constexpr auto max_sleep = 100ms;
constexpr auto max_delay = 1s;

// Returns false if the source has been stopped.
bool wait_until(Clock& clock, HostTime t, const std::atomic<bool>& stopping) {
    for (;;) {
        if (stopping) return false;
        const auto now = clock.now();
        if (now >= t) return true;
        clock.wait_until(std::min(t, now + max_sleep));
    }
}

}  // namespace

Result<std::unique_ptr<TestCamera>> TestCamera::open(TestScene scene, TestCameraOptions options, Clock& clock) {
    if (options.width < 64 || options.height < 48 || options.width > 16384 || options.height > 16384)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The test camera can't produce {}x{}: choose 64x48 to 16384x16384.", options.width,
                                options.height));
    if (!std::isfinite(scene.fps) || scene.fps <= 0 || scene.fps > 1000)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The test camera can't run at {} fps: choose a rate up to 1000.", scene.fps));
    return std::unique_ptr<TestCamera>(new TestCamera(scene, options, clock));
}

TestCamera::TestCamera(TestScene scene, TestCameraOptions options, Clock& clock)
    : scene_(scene), pattern_(options.width, options.height), clock_(clock) {
    description_.device = "test";
    description_.name = "Test pattern";
    description_.width = options.width;
    description_.height = options.height;
    description_.fps = scene.fps;
}

TestCamera::~TestCamera() {
    stop();
}

Status TestCamera::start(VideoReceiver& receiver) {
    if (thread_.joinable()) return fail(ErrorCode::wrong_state, "The test camera is already running: stop it first.");
    stopping_ = false;
    thread_ = std::thread([this, &receiver] { run(receiver); });
    return {};
}

void TestCamera::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

double TestCamera::grab_ms_mean() const {
    return std::numeric_limits<double>::quiet_NaN();
}

void TestCamera::run(VideoReceiver& receiver) {
    auto number = scene_.first_frame_from(clock_.now());
    while (!stopping_) {
        if (const auto now = clock_.now(); now - scene_.frame_time(number) > max_delay) {
            const auto next = scene_.first_frame_from(now);
            receiver.report({.kind = SourceEvent::Kind::driver_drop,
                             .time = now,
                             .count = static_cast<std::uint64_t>(next - number),
                             .text = "This machine is too slow to draw the test pattern in real time."});
            number = next;
        }
        Frame frame;
        frame.format = PixelFormat::bgr24;
        frame.width = description_.width;
        frame.height = description_.height;
        frame.stride = tight_stride(frame.format, frame.width);
        frame.stamp.time = scene_.frame_time(number);
        frame.stamp.source = StampSource::test;
        frame.stamp.driver_sequence = static_cast<std::uint32_t>(number);
        // Drawn ahead of time, so that the frame is ready when it is due.
        frame.bytes = receiver.buffer(frame_bytes(frame.format, frame.stride, frame.height));
        pattern_.draw(number, scene_.lit(number), frame.bytes.writable(), frame.stride);
        if (!wait_until(clock_, frame.stamp.time, stopping_)) return;
        frame.stamp.arrival = clock_.now();
        receiver.deliver(std::move(frame));
        ++number;
    }
}

Result<std::unique_ptr<TestMicrophone>> TestMicrophone::open(TestScene scene, TestMicrophoneOptions options,
                                                             Clock& clock) {
    if (options.sample_rate < 1000 || options.sample_rate > 768'000)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The test microphone can't run at {} Hz: choose 1000 to 768000.", options.sample_rate));
    if (options.channels < 1 || options.channels > 64)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The test microphone can't have {} channels: choose 1 to 64.", options.channels));
    if (options.blocksize < 1 || options.blocksize > 1'000'000)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The test microphone can't deliver blocks of {} samples: choose 1 to 1000000.",
                                options.blocksize));
    if (!std::isfinite(options.ppm) || std::abs(options.ppm) > 100'000)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("The test microphone's clock can't be off by {} ppm: choose -100000 to 100000.", options.ppm));
    return std::unique_ptr<TestMicrophone>(new TestMicrophone(scene, options, clock));
}

TestMicrophone::TestMicrophone(TestScene scene, TestMicrophoneOptions options, Clock& clock)
    : tone_(scene, options.sample_rate, options.channels, options.ppm), clock_(clock) {
    description_.device = "test";
    description_.name = "Test tone";
    description_.sample_rate = options.sample_rate;
    description_.channels = options.channels;
    description_.blocksize = options.blocksize;
}

TestMicrophone::~TestMicrophone() {
    stop();
}

Status TestMicrophone::start(AudioReceiver& receiver) {
    if (thread_.joinable())
        return fail(ErrorCode::wrong_state, "The test microphone is already running: stop it first.");
    stopping_ = false;
    thread_ = std::thread([this, &receiver] { run(receiver); });
    return {};
}

void TestMicrophone::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

void TestMicrophone::run(AudioReceiver& receiver) {
    auto first = tone_.first_sample_from(clock_.now());
    bool lost = false;
    while (!stopping_) {
        if (const auto now = clock_.now(); now - tone_.time_of(first + description_.blocksize) > max_delay) {
            first = tone_.first_sample_from(now);
            lost = true;
        }
        AudioBlock block;
        block.channels = description_.channels;
        block.samples.resize(static_cast<std::size_t>(description_.blocksize) *
                             static_cast<std::size_t>(description_.channels));
        tone_.fill(first, block.samples);
        block.time = tone_.time_of(first);
        block.source = StampSource::test;
        block.xrun = std::exchange(lost, false);
        if (!wait_until(clock_, tone_.time_of(first + description_.blocksize), stopping_)) return;
        block.arrival = clock_.now();
        receiver.deliver(std::move(block));
        first += description_.blocksize;
    }
}

}  // namespace onetake
