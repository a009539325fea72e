// Two cameras and an inertial sensor, recorded in chunks for an hour: each device has a thread that pushes what it
// reads.
//
//   chunked_rig [SECONDS [CHUNK_LENGTH]]     the devices are simulated; the chunks are in recordings/rig

#include <onetake/onetake.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int kWidth = 640, kHeight = 480;

double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Reads an image and pushes it with the time at which it was taken.
void run_camera(onetake::ChunkedWriter& writer, const char* name, const std::atomic<bool>& stop) {
    std::vector<std::uint8_t> image(kWidth * kHeight * 3);
    auto next = std::chrono::steady_clock::now();
    for (int n = 0; !stop; ++n) {
        std::this_thread::sleep_until(next);
        next += std::chrono::microseconds(33'367);
        for (std::size_t i = 0; i < image.size(); ++i)
            image[i] = static_cast<std::uint8_t>(i / 960 + static_cast<std::size_t>(n) * 3);
        if (const auto pushed = writer.push(name, image, now_s()); !pushed)
            std::fprintf(stderr, "%s\n", pushed.error().message.c_str());
    }
}

// Six floats, 200 times a second.
void run_imu(onetake::ChunkedWriter& writer, const std::atomic<bool>& stop) {
    auto next = std::chrono::steady_clock::now();
    while (!stop) {
        std::this_thread::sleep_until(next);
        next += std::chrono::milliseconds(5);
        const double t = now_s();
        float reading[6] = {};
        for (int i = 0; i < 6; ++i) reading[i] = static_cast<float>(std::sin(t * (i + 1)));
        std::vector<std::uint8_t> bytes(sizeof reading);
        std::memcpy(bytes.data(), reading, sizeof reading);
        (void)writer.push("imu", bytes, t);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 3600;
    onetake::ChunkedWriterConfig config;
    config.name = "rig";
    config.output_directory = "recordings";
    config.chunk_length_s = argc > 2 ? std::atof(argv[2]) : 60;
    const onetake::VideoStreamConfig camera{kWidth, kHeight, {30000, 1001}};
    config.stream_configs = {{"left", camera}, {"right", camera}};
    config.sensor_stream_configs = {{"imu", {"ass", {{"UNITS", "m/s2, rad/s"}}}}};
    config.on_error = [](const std::string& stream) {
        std::fprintf(stderr, "the encoder of %s failed\n", stream.c_str());
    };

    auto writer = onetake::ChunkedWriter::create(config);
    const auto started = writer ? (*writer)->start() : onetake::Status(onetake::fail(writer.error()));
    if (!started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        return 1;
    }
    std::atomic<bool> stop{false};
    std::thread left([&] { run_camera(**writer, "left", stop); });
    std::thread right([&] { run_camera(**writer, "right", stop); });
    std::thread imu([&] { run_imu(**writer, stop); });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 2));
    (void)(*writer)->mark("half time", now_s());
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 2));
    stop = true;
    for (auto* thread : {&left, &right, &imu}) thread->join();

    const auto result = (*writer)->stop();
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        return 1;
    }
    for (const auto& stream : result->streams)
        std::printf("%s: %llu of %llu\n", stream.name.c_str(), static_cast<unsigned long long>(stream.written),
                    static_cast<unsigned long long>(stream.pushed));
    std::printf("%zu chunks in %s\n", result->chunks.size(), result->directory.c_str());
    return result->failures.empty() && !result->lossy() ? 0 : 1;
}
