// Compares a take's files byte by byte, so that format 1 can't change unnoticed.
#include "support/temp_dir.h"
#include "take/take_writer.h"
#include "unit/take/small_take.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace onetake {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::int64_t kSecond = 1'000'000'000;

HostTime at(std::int64_t ms) {
    return host_time_from_ns(1000 * kSecond) + milliseconds(ms);
}

/// Writes a take with every kind of record and fixed times.
void write_take_of_every_record(const std::string& data_dir) {
    ClockReading clocks{};
    clocks.host = at(0);
    clocks.boot = BootTime(Duration(1200 * kSecond));
    clocks.wall = WallTime(Duration(1'700'000'000 * kSecond));
    clocks.spread = Duration(93);
    auto writer = TakeWriter::create({data_dir, "t", "onetake 0.1.0", R"({"fps":20.0})", false}, clocks).value();
    VideoDescription v;
    v.device = "/dev/video0";
    v.name = "Camera";
    v.driver = "uvcvideo";
    v.stable_id = "/dev/v4l/by-id/camera";
    v.width = v.height = 16;
    v.fps = 20;
    v.fourcc = "MJPG";
    const auto video = writer.add_video_track(v).value();
    AudioDescription a;
    a.device = "0";
    a.name = "Microphone";
    a.host_api = "ALSA";
    a.sample_rate = 8000;
    a.channels = 2;
    a.blocksize = 40;
    const auto audio = writer.add_audio_track(a).value();
    ASSERT_TRUE(writer.write_record(OffsetRecord{video, audio, milliseconds(12), "calibration"}));
    for (int i = 0; i < 4; ++i) {
        const auto source = i % 2 ? StampSource::driver_soe : StampSource::arrival;
        ASSERT_TRUE(
            writer.write_frame(video, tiny_jpeg(static_cast<std::uint8_t>(i + 1)),
                               {at(50 * i), at(50 * i + 7), source, i % 2 ? std::optional(i + 100u) : std::nullopt}));
        AudioBlock block;
        block.channels = 2;
        block.samples.assign(80, static_cast<std::int16_t>(-i));
        block.time = at(50 * i);
        block.arrival = at(50 * i + 9);
        block.source = StampSource::device;
        block.xrun = i == 2;
        ASSERT_TRUE(writer.write_block(audio, block));
    }
    ASSERT_TRUE(writer.write_record(DropRecord{video, LossCause::queue, 3, at(160), "late"}));
    ASSERT_TRUE(writer.write_record(EventRecord{audio, "stall", at(170), "no sound"}));
    ASSERT_TRUE(writer.write_record(EventRecord{std::nullopt, "note", at(180), "a note"}));
    Metrics m;
    m.encoder = "turbojpeg";
    m.frames = 4;
    ASSERT_TRUE(writer.finish({at(200), "stopped", 0, 0, 0.2}, m));
}

std::string golden(const std::string& name) {
    return std::string(ONETAKE_GOLDEN) + "/" + name;
}

/// Metrics that were empty or 0 in the first manifests where they are unknown, and are null since.
bool is_null_since(const std::string& key) {
    const std::set<std::string> keys{"audio_stamp_source", "denoise_model",  "denoise_out_sr",
                                     "disk_bytes_left",    "peak_memory_mb", "stamp_source"};
    return keys.contains(key);
}

/// Expects every key of `expected` in `found` with the same value; new keys are allowed.
void expect_contains(const json& found, const json& expected, const std::string& where) {
    if (expected.is_object()) {
        ASSERT_TRUE(found.is_object()) << where;
        for (const auto& [key, value] : expected.items()) {
            ASSERT_TRUE(found.contains(key)) << where << " has no " << key;
            if (found[key].is_null() && is_null_since(key)) {
                EXPECT_TRUE(value == "" || value == 0) << where << "." << key;
                continue;
            }
            expect_contains(found[key], value, where + "." + key);
        }
    } else {
        EXPECT_EQ(found, expected) << where;
    }
}

TEST(TakeFormat, MatchesTheReleasedFormat) {
    const TempDir dir;
    write_take_of_every_record(dir.path());
    const auto take = dir.file("t");
    if (std::getenv("ONETAKE_UPDATE_GOLDEN") != nullptr)
        for (const auto* name : {"timeline.jsonl", "audio.wav", "manifest.json"})
            std::filesystem::copy_file(take + "/" + name, golden(name),
                                       std::filesystem::copy_options::overwrite_existing);
    for (const auto* name : {"timeline.jsonl", "audio.wav"}) {
        ASSERT_FALSE(bytes_of(golden(name)).empty()) << name;
        EXPECT_EQ(bytes_of(take + "/" + name), bytes_of(golden(name))) << name;
    }
    for (int i = 1; i <= 4; ++i) {
        const auto jpeg = tiny_jpeg(static_cast<std::uint8_t>(i));
        EXPECT_EQ(bytes_of(take + "/frames/f_00000" + std::to_string(i) + ".jpg"),
                  std::string(jpeg.begin(), jpeg.end()));
    }
    const auto found = json::parse(bytes_of(take + "/manifest.json"));
    expect_contains(found, json::parse(bytes_of(golden("manifest.json"))), "manifest");
}

}  // namespace
}  // namespace onetake
