#include "base/files.h"
#include "other_recorder.h"
#include "reference_decoder.h"

#include <onetake/config_fields.h>
#include <onetake/recorder.h>

#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sstream>

namespace onetake {
namespace {

constexpr int kWidth = 160, kHeight = 120, kFrames = 600;
constexpr double kFps = 29.83;

// 600 numbered frames whose stamps jitter by up to 4 ms, the same ones in every run.
class FrameTimes : public ::testing::Test {
 protected:
    FrameTimes() {
        config_.data_dir = dir_.file("takes");
        config_.processed_dir = dir_.file("rendered");
        std::mt19937 random(20240607);
        std::uniform_real_distribution<double> jitter(-0.004, 0.004);
        for (int i = 0; i < kFrames; ++i) stamps_.push_back(5000 + i / kFps + jitter(random));
    }
    std::string render() {
        OtherRecorder other(dir_);
        other.store_frames(stamps_,
                           [](std::size_t i) { return pattern_jpeg(kWidth, kHeight, static_cast<std::int64_t>(i)); });
        return other.import_and_render("t", config_);
    }
    // The largest distance of a frame's time from its stamp, both counted from the first, in µs.
    double worst_us(const std::string& path) const {
        const auto times = reference::frame_times(path);
        EXPECT_EQ(times.size(), stamps_.size());
        double worst = 0;
        for (std::size_t i = 0; i < std::min(times.size(), stamps_.size()); ++i)
            worst = std::max(worst, std::abs(to_seconds(times[i] - times[0]) - (stamps_[i] - stamps_[0])));
        return worst * 1e6;
    }
    static void every_frame_is_the_right_one(const std::string& path) {
        const auto shown = reference::shown_numbers(path, kWidth, kHeight);
        ASSERT_EQ(shown.size(), static_cast<std::size_t>(kFrames));
        for (std::size_t i = 0; i < shown.size(); ++i) ASSERT_EQ(shown[i], static_cast<std::int64_t>(i));
    }

    TempDir dir_;
    RecorderConfig config_;
    std::vector<double> stamps_;
};

TEST_F(FrameTimes, OfAnMp4AreTheStampsToTheTick) {
    const auto path = render();
    const double worst = worst_us(path);
    reference::figure("worst frame time of 600 in the MP4", worst, "µs");
    EXPECT_LE(worst, 12);
    every_frame_is_the_right_one(path);
}

TEST_F(FrameTimes, OfAMatroskaFileAreTheStampsToTheMillisecond) {
    config_.encode.container = ContainerFormat::mkv;
    const auto path = render();
    EXPECT_EQ(std::filesystem::path(path).extension(), ".mkv");
    const double worst = worst_us(path);
    reference::figure("worst frame time of 600 in the MKV", worst, "µs");
    EXPECT_LE(worst, 1001) << "two roundings to Matroska's millisecond";
    every_frame_is_the_right_one(path);
}

TEST_F(FrameTimes, OfCopiedJpegsAreTheStampsAndTheirBytesAreUntouched) {
    config_.encode.codec = "copy";
    for (const auto container : {ContainerFormat::mp4, ContainerFormat::mkv}) {
        config_.encode.container = container;
        SCOPED_TRACE(std::string(enum_name(container)));
        std::string path;
        if (container == ContainerFormat::mp4)
            path = render();
        else
            path = AVRecorder::create(config_).value().process("t").value().mp4_path;
        EXPECT_EQ(reference::probe(path)["streams"][0]["codec_name"], "mjpeg");
        const double worst = worst_us(path);
        reference::figure(fmt::format("worst frame time of 600 copied into {}", enum_name(container)), worst, "µs");
        EXPECT_LE(worst, container == ContainerFormat::mp4 ? 12 : 1001);

        // The frames' bytes one after the other, in the file and in the take.
        const auto copied = reference::output_of(
            fmt::format("ffmpeg -nostdin -v error -i 'file:{}' -map 0:v -c copy -f rawvideo -", path));
        std::string stored;
        for (int i = 1; i <= kFrames; ++i)
            stored += read_file(dir_.file(fmt::format("takes/t/frames/f_{:06}.jpg", i)), 1 << 20).value();
        EXPECT_TRUE(copied == stored) << copied.size() << " bytes of JPEG in the file, " << stored.size()
                                      << " in the take";
    }
}

struct MapLine {
    std::int64_t output = 0, stored = 0;
    double output_s = 0, stored_s = 0;
};

std::vector<MapLine> frame_map(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(line, "output_frame,output_s,stored_frame,stored_s");
    std::vector<MapLine> lines;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        char comma = 0;
        MapLine l;
        words >> l.output >> comma >> l.output_s >> comma >> l.stored >> comma >> l.stored_s;
        EXPECT_TRUE(words) << line;
        lines.push_back(l);
    }
    return lines;
}

// Fewer frames than were stored, and more, and television's 29.97.
TEST_F(FrameTimes, OfAConstantRateAreOnItsGridAndTheMapTellsWhichFrameIsWhere) {
    render();
    for (const double fps : {25.0, 29.97, 50.0}) {
        SCOPED_TRACE(fps);
        config_.encode.cfr = fps;
        const auto path = AVRecorder::create(config_).value().process("t").value().mp4_path;
        const double rate = fps == 29.97 ? 30000.0 / 1001 : fps;
        const auto times = reference::frame_times(path);
        EXPECT_NEAR(static_cast<double>(times.size()), (stamps_.back() - stamps_.front()) * rate, 2);
        const auto map = frame_map(std::filesystem::path(path).replace_extension(".frames.csv").string());
        const auto shown = reference::shown_numbers(path, kWidth, kHeight);
        ASSERT_EQ(map.size(), times.size());
        ASSERT_EQ(shown.size(), times.size());
        for (std::size_t k = 0; k < times.size(); ++k) {
            const auto& line = map[k];
            ASSERT_EQ(line.output, static_cast<std::int64_t>(k));
            ASSERT_NEAR(to_seconds(times[k]), static_cast<double>(k) / rate, 12e-6);
            ASSERT_NEAR(line.output_s, static_cast<double>(k) / rate, 1e-6);
            ASSERT_EQ(shown[k], line.stored - 1) << "the frame is the one that the map names";
            // No other stamp is nearer.
            double nearest = 1;
            for (const double stamp : stamps_)
                nearest = std::min(nearest, std::abs(stamp - stamps_.front() - line.output_s));
            ASSERT_NEAR(line.stored_s, stamps_[static_cast<std::size_t>(line.stored - 1)] - stamps_.front(), 1e-6);
            ASSERT_NEAR(std::abs(line.stored_s - line.output_s), nearest, 1e-6) << k;
        }
    }
}

}  // namespace
}  // namespace onetake
