#include "other_recorder.h"

#include "codec/jpeg_encoder.h"
#include "media/test_pattern.h"
#include "take/wav.h"

#include <onetake/recorder.h>

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace onetake {

OtherRecorder::OtherRecorder(const TempDir& dir) : folder_(dir.file("other")) {
    std::filesystem::create_directories(folder_);
}

void OtherRecorder::store(std::size_t index, const std::string& jpeg) const {
    std::ofstream(fmt::format("{}/{:06}.jpg", folder_, index), std::ios::binary) << jpeg;
}

void OtherRecorder::store_times(const std::vector<double>& seconds) {
    options_.frames_dir = folder_;
    options_.frame_times_path = folder_ + "/frames.txt";
    std::ofstream file(options_.frame_times_path);
    for (const double s : seconds) file << fmt::format("{:.9f}\n", s);
}

void OtherRecorder::record(const std::vector<std::int16_t>& mono, int rate, const std::vector<ClockLine>& clock) {
    options_.audio_path = folder_ + "/audio.wav";
    options_.audio_times_path = folder_ + "/audio.txt";
    auto wav = WavWriter::create(AT_FDCWD, options_.audio_path, rate, 1).value();
    ASSERT_TRUE(wav.write(mono));
    ASSERT_TRUE(wav.refresh_header());
    std::ofstream file(options_.audio_times_path);
    for (const auto& line : clock) file << fmt::format("{} {:.9f}\n", line.sample, line.seconds);
}

std::string OtherRecorder::import_and_render(const std::string& name, const RecorderConfig& config) {
    options_.name = name;
    options_.data_dir = config.data_dir;
    const auto imported = import_take(options_);
    EXPECT_TRUE(imported) << imported.error().message;
    auto recorder = AVRecorder::create(config).value();
    const auto rendered = recorder.process(name);
    EXPECT_TRUE(rendered) << rendered.error().message;
    return rendered ? rendered->mp4_path : "";
}

std::string pattern_jpeg(int width, int height, std::int64_t number, bool flash) {
    static const auto pool = BufferPool::create(2);
    std::vector<std::uint8_t> bgr(static_cast<std::size_t>(3 * width * height));
    TestPattern(width, height).draw(number, flash, bgr.data(), 3 * width);
    Frame frame;
    frame.width = width;
    frame.height = height;
    frame.stride = 3 * width;
    frame.bytes = Buffer(std::move(bgr));
    const auto jpeg = JpegEncoder::create({}).value().encode(frame, *pool).value();
    return {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()};
}

}  // namespace onetake
